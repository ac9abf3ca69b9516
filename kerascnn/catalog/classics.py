"""Chains of layers: from LeNet-5 to VGG, Network in Network and SqueezeNet."""

from .entry import Card, Paper
from .residual import _HAND

# ------------------------------------------------------------------------------------------------------------- LeNet-5

LENET = Paper(
    "Gradient-Based Learning Applied to Document Recognition",
    "LeCun, Bottou, Bengio, Haffner",
    1998,
    "doi:10.1109/5.726791",
)
_LENET = [
    Card(
        "lenet5", "lenet", LENET, "Figure 2", (32, 32, 1), 10, 61_706, 61_706, 416_520,
        published={"parameters": "60,000 (Section II.B)", "error": "0.95 % on MNIST (Figure 9)"},
        departs="C3 sees all six maps of S2; S2 and S4 average without trainable coefficients; "
        "the output is a softmax instead of distances to drawn characters",
        min_size=32,
    ),
]  # fmt: skip

# ------------------------------------------------------- AlexNet, ZFNet, VGG, Network in Network and SqueezeNet

ALEXNET = Paper(
    "ImageNet Classification with Deep Convolutional Neural Networks",
    "Krizhevsky, Sutskever, Hinton",
    2012,
    "doi:10.1145/3065386",
)
ONE_WEIRD_TRICK = Paper(
    "One weird trick for parallelizing convolutional neural networks", "Krizhevsky", 2014, "arXiv:1404.5997"
)
ZFNET = Paper("Visualizing and Understanding Convolutional Networks", "Zeiler, Fergus", 2013, "arXiv:1311.2901")
VGG = Paper(
    "Very Deep Convolutional Networks for Large-Scale Image Recognition",
    "Simonyan, Zisserman",
    2014,
    "arXiv:1409.1556",
)
NIN = Paper("Network In Network", "Lin, Chen, Yan", 2013, "arXiv:1312.4400")
SQUEEZENET = Paper(
    "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model size",
    "Iandola, Han, Moskewicz, Ashraf, Dally, Keutzer",
    2016,
    "arXiv:1602.07360",
)


def _zfnet(name, where, params, macs, peer, error):
    return Card(
        name, "zfnet", ZFNET, where, (224, 224, 3), 1000, params, params, macs, f"pytorchcv 0.0.74 {peer}",
        published={"error": f"{error} on ImageNet, one network (Table 2)"},
        departs="normalizes before the pools instead of after them",
        min_size=47,
    )  # fmt: skip


def _vgg(name, column, params, macs, same_as, printed, error):
    return Card(
        name, "vgg", VGG, f"Table 1, {column}", (224, 224, 3), 1000, params, params, macs, same_as,
        published={"parameters": f"{printed} million (Table 2)", "error": f"{error} on ImageNet, one scale (Table 3)"},
        min_size=32,
    )  # fmt: skip


def _squeezenet(name, params, macs, min_size, **numbers):
    return Card(
        name, "squeezenet", SQUEEZENET, "Table 1" if name.endswith("0") else "the authors' repository",
        (224, 224, 3), 1000, params, params, macs, "torchvision 0.28.0, pytorchcv 0.0.74",
        min_size=min_size, **numbers,
    )  # fmt: skip


_ALEXNET_TO_SQUEEZENET = [
    Card(
        "alexnet", "alexnet", ALEXNET, "Figure 2", (227, 227, 3), 1000, 62_378_344, 62_378_344, 1_135_256_096,
        same_as="pytorchcv 0.0.74 (one tower); with groups=2, BVLC's Caffe AlexNet",
        published={"parameters": "60 million (abstract)",
                   "error": "top-1 40.7 %, top-5 18.2 % on ImageNet, one network (Table 2)"},
        departs="one tower; groups=2 makes the two of 2012 (60,965,224 parameters). Images of 227x227: the text's "
        "224x224 doesn't give its own 55x55 maps. LRN's alpha is divided by the five channels, as in the author's code",
        min_size=39,
    ),
    Card(
        "alexnet_owt", "alexnet_owt", ONE_WEIRD_TRICK, "Section 5", (224, 224, 3), 1000,
        61_100_840, 61_100_840, 714_188_480,
        same_as="torchvision 0.28.0 alexnet, pytorchcv 0.0.74 alexnetb",
        published={"error": "top-1 42.33 % on ImageNet (Table 1)"},
        departs="no local response normalization, and conv1 pads by 2, as in torchvision; "
        "dropout after fc6 and fc7, where torchvision drops before them",
        min_size=63,
    ),
    _zfnet("zfnet", "Figure 3", 62_357_608, 1_168_032_896, "zfnet", "top-1 38.4 %, top-5 16.5 %"),
    _zfnet("zfnet_wide", "Table 2 (b)", 107_627_624, 2_476_704_896, "zfnetb", "top-1 37.5 %, top-5 16.0 %"),
    _vgg("vgg11", "A", 132_863_336, 7_609_090_048, "torchvision 0.28.0, pytorchcv 0.0.74", 133,
         "top-1 29.6 %, top-5 10.4 %"),
    _vgg("vgg13", "B", 133_047_848, 11_308_466_176, "torchvision 0.28.0", 133, "top-1 28.7 %, top-5 9.9 %"),
    _vgg("vgg16", "D", 138_357_544, 15_470_264_320,
         "torchvision 0.28.0, keras.applications 3.15.1, timm 1.0.31, pytorchcv 0.0.74", 138,
         "top-1 25.6 %, top-5 8.1 %"),
    _vgg("vgg16_c", "C", 133_638_952, 11_770_888_192, _HAND, 134, "top-1 27.3 %, top-5 8.8 %"),
    _vgg("vgg19", "E", 143_667_240, 19_632_062_464,
         "torchvision 0.28.0, keras.applications 3.15.1, pytorchcv 0.0.74", 144, "top-1 25.5 %, top-5 8.0 %"),
    Card(
        "nin", "nin", NIN, "Figure 2; the authors' ImageNet network is in Caffe's model zoo", (224, 224, 3), 1000,
        7_439_608, 7_439_608, 965_572_864,
        departs="1000 maps throughout the last block, as lectures have it, where the authors' network has "
        "1024, 1024, 1000 (last=(1024, 1024)); pools round down, where Caffe rounds up",
        min_size=67,
    ),
    Card(
        "nin_cifar", "nin", NIN, "Section 4", (32, 32, 3), 10, 966_986, 966_986, 222_486_528,
        same_as="pytorchcv 0.0.74 nin_cifar10",
        published={"error": "10.41 % on CIFAR-10, 8.81 % with shifted and mirrored images (Table 1)"},
    ),
    _squeezenet(
        "squeezenet_v1_0", 1_248_424, 818_924_576, 21,
        published={"parameters": "1,248,424 (Table 1)", "accuracy": "top-1 57.5 %, top-5 80.3 % on ImageNet (Table 2)"},
        departs="the maps of Table 1 come out of images of 227x227, not 224x224",
    ),
    _squeezenet("squeezenet_v1_1", 1_235_496, 349_151_936, 17),
]  # fmt: skip

CARDS = [*_LENET, *_ALEXNET_TO_SQUEEZENET]
