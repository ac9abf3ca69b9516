"""The training procedures of papers, by name: values for the flags of `recipes/classify.py`.

What a paper does not say comes from its authors' code, or from the best known copy of it; a comment says so. All
lengths are shares of the training, so that they scale with --epochs and --budget. Dropout belongs to the networks,
which have the papers' rates.
"""

from ...catalog import card
from .procedure import DEFAULTS, NAMES

PRESETS = {
    # Krizhevsky et al. 2012, Sections 4 and 5. The rate falls three times, when the error on held-out images stops
    # improving; how long to wait is not said. Weights alone decay, as in Caffe's train_val.prototxt.
    "alexnet": dict(
        model="alexnet",
        augment="alexnet",
        test_crops=10,
        batch=128,
        epochs=90,
        optimizer="sgd",
        momentum=0.9,
        lr=0.01,
        schedule="plateau",
        factor=0.1,
        every=0.05,
        weight_decay=5e-4,
        decays="kernels",
        initializer="alexnet",
    ),
    # Simonyan & Zisserman 2014, arXiv:1409.1556, Section 3.1: as AlexNet, for 370,000 steps. The paper pours a shallow
    # network into the first layers of a deep one, but has found that Glorot's initialization does without.
    "vgg": dict(
        model="vgg16",
        augment="vgg",
        batch=256,
        epochs=74,
        optimizer="sgd",
        momentum=0.9,
        lr=0.01,
        schedule="plateau",
        factor=0.1,
        every=0.05,
        weight_decay=5e-4,
        decays="kernels",
        initializer="glorot_uniform",
    ),
    # Szegedy et al. 2014, arXiv:1409.4842, Sections 5 and 6: 4 % less every 8 epochs, auxiliary losses at 0.3, and the
    # average of the weights is the network. Batch, rate, length and weight decay are those of Caffe's bvlc_googlenet
    # (solver.prototxt: 10,000,000 steps); how far back the average reaches is our choice.
    "googlenet": dict(
        model="googlenet",
        augment="inception",
        batch=32,
        epochs=250,
        optimizer="sgd",
        momentum=0.9,
        lr=0.01,
        schedule="staircase",
        factor=0.96,
        every=8 / 250,
        weight_decay=2e-4,
        decays="kernels",
        ema=0.9999,
        auxiliary=(0.3, 0.3),
    ),
    # Szegedy et al. 2015, arXiv:1512.00567, Sections 7 and 8. Each of 50 workers took steps of its own, of 32 images.
    # Momentum, weight decay, the weight of the auxiliary loss and the average's 0.9999 are those of the authors' code
    # (inception_train.py, inception_model.py).
    "inception_v3": dict(
        model="inception_v3",
        augment="inception",
        batch=32,
        epochs=100,
        optimizer="rmsprop",
        rho=0.9,
        momentum=0.9,
        epsilon=1.0,
        lr=0.045,
        schedule="staircase",
        factor=0.94,
        every=2 / 100,
        weight_decay=4e-5,
        decays="kernels",
        clip_norm=2.0,
        label_smoothing=0.1,
        ema=0.9999,
        auxiliary=(0.4,),
    ),
    # He et al. 2015, arXiv:1512.03385, Section 3.4: 600,000 steps. All weights decay, scales and biases too, as in the
    # second author's fb.resnet.torch.
    "resnet": dict(
        model="resnet50",
        augment="resnet",
        test_crops=10,
        batch=256,
        epochs=120,
        optimizer="sgd",
        momentum=0.9,
        lr=0.1,
        schedule="plateau",
        factor=0.1,
        every=0.05,
        weight_decay=1e-4,
        decays="all",
        initializer="he_normal",
    ),
    # The same, Section 4.2: 64,000 steps, the rate falls after 32,000 and 48,000. (ResNet-110 begins with 400 steps at
    # a tenth of it.)
    "resnet_cifar": dict(
        model="resnet20_cifar",
        augment="cifar",
        batch=128,
        epochs=164,
        optimizer="sgd",
        momentum=0.9,
        lr=0.1,
        schedule="step",
        factor=0.1,
        milestones=(32 / 64, 48 / 64),
        weight_decay=1e-4,
        decays="all",
        initializer="he_normal",
    ),
    # Hu et al. 2017, arXiv:1709.01507, Section 5.1; label smoothing from the appendix on SENet-154. The weight decay is
    # ResNet's.
    "senet": dict(
        model="se_resnet50",
        augment="inception",
        batch=1024,
        epochs=100,
        optimizer="sgd",
        momentum=0.9,
        lr=0.6,
        schedule="step",
        factor=0.1,
        milestones=(0.3, 0.6, 0.9),
        weight_decay=1e-4,
        decays="all",
        label_smoothing=0.1,
        initializer="he_normal",
    ),
    # Howard et al. 2017, arXiv:1704.04861, Section 3.2: RMSProp as for Inception v3, without its auxiliary heads and
    # label smoothing, with little or no decay of depthwise filters. Batch, rate and its fall are those of the authors'
    # mobilenet_v1_train.py; the length is Inception v3's.
    "mobilenet_v1": dict(
        model="mobilenet_v1",
        augment="mobilenet",
        batch=64,
        epochs=100,
        optimizer="rmsprop",
        rho=0.9,
        momentum=0.9,
        epsilon=1.0,
        lr=0.045,
        schedule="staircase",
        factor=0.94,
        every=2.5 / 100,
        weight_decay=4e-5,
        decays="not-depthwise",
        ema=0.9999,
    ),
    # Sandler et al. 2018, arXiv:1801.04381, Section 6.1; 96 images on each of 16 asynchronous workers. The rest is
    # v1's; the length is our choice: the paper says none.
    "mobilenet_v2": dict(
        model="mobilenet_v2",
        augment="mobilenet",
        batch=96,
        epochs=300,
        optimizer="rmsprop",
        rho=0.9,
        momentum=0.9,
        epsilon=1.0,
        lr=0.045,
        schedule="staircase",
        factor=0.98,
        every=1 / 300,
        weight_decay=4e-5,
        decays="not-depthwise",
        ema=0.9999,
    ),
    # Zhang et al. 2017, arXiv:1707.01083, Section 4: 300,000 steps; the rest is ResNeXt's, which is ResNet's.
    # ShuffleNet v2 (arXiv:1807.11164, Section 4) is trained alike.
    "shufflenet": dict(
        model="shufflenet_v1",
        augment="mobilenet",
        batch=1024,
        epochs=240,
        optimizer="sgd",
        momentum=0.9,
        lr=0.5,
        schedule="linear",
        weight_decay=4e-5,
        decays="all",
        initializer="he_normal",
    ),
    # Liu et al. 2022, arXiv:2201.03545, Table 5 (ConvNeXt), without random erasing: 20 epochs of warm-up, mixup,
    # cutmix and RandAugment, whose amounts are those of `kerascnn.data.AUGMENTS`. For residual networks other than
    # ConvNeXt add `--knob stochastic_depth=0.1`.
    "modern": dict(
        model="convnext_tiny",
        augment="modern",
        batch=4096,
        epochs=300,
        optimizer="adamw",
        lr=4e-3,
        schedule="cosine",
        warmup=20 / 300,
        weight_decay=0.05,
        decays="kernels",
        label_smoothing=0.1,
        ema=0.9999,
    ),
}


def described(presets: dict[str, dict]) -> dict[str, str]:
    """What each preset does, in a line: the paper, the network and its images, how it is trained, how augmented."""
    found = {}
    for name, values in presets.items():
        about, how = card(values["model"]), DEFAULTS | values
        first, *others = about.paper.authors.split(", ")
        found[name] = (
            f"{first}{' et al.' if len(others) > 1 else ' & '.join(['', *others])} {about.paper.year}: {about.name} on "
            f"{about.input_shape[0]}x{about.input_shape[1]}; {NAMES[how['optimizer']]}, {how['schedule']} from "
            f"{how['lr']:g}, {how['epochs']} epochs, batch {how['batch']}, augment {how.get('augment', 'none')}"
        )
    return found
