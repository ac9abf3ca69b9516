"""The table of contents, as data: what each network is, where it was published and what its numbers are.

Nothing here is our own measurement: `trainable`, `params` and `macs` come from the implementations named in `same_as`
(or from the paper's table worked out by hand, where nobody else has the network), and the tests hold every network to
them.
"""

from fnmatch import fnmatchcase
from typing import NamedTuple

from .errors import one_of, unknown

TASKS = ("classify", "segment", "reconstruct", "verify")
SCALINGS = {
    "standard": "each channel minus its mean over its standard deviation",
    "symmetric": "-1 to 1",
    "unit": "0 to 1",
}


class Paper(NamedTuple):
    title: str
    authors: str
    year: int
    link: str


class Card(NamedTuple):
    """What is known of a network before it is built.

    `trainable` and `params` count the parameters that training changes and all of them (Keras's `count_params()`);
    `macs` counts the multiply-accumulates of convolutions and dense layers for one image of `input_shape` (height,
    width, channels), or for the pair that a network verifies. `published` holds what the paper itself prints, `departs`
    what here differs from the paper. `scaling` is the range that the network's images come in, a key of `SCALINGS`;
    `min_size` the smallest height and width.
    """

    name: str
    module: str
    paper: Paper
    where: str
    input_shape: tuple[int, int, int]
    classes: int
    trainable: int
    params: int
    macs: int
    same_as: str = "the paper's table, worked out by hand"
    published: dict[str, str] = {}
    departs: str = ""
    scaling: str = "standard"
    min_size: int = 1
    task: str = "classify"


ALIASES: dict[str, str] = {"inception_v1": "googlenet"}

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

# -------------------------------------------------------------------------------------------------------------- ResNet

RESNET = Paper("Deep Residual Learning for Image Recognition", "He, Zhang, Ren, Sun", 2015, "arXiv:1512.03385")


def _resnet(name, trainable, params, macs, same_as, flops, error):
    return Card(
        name, "resnet", RESNET, "Table 1", (224, 224, 3), 1000, trainable, params, macs, same_as,
        published={"MACs": f"{flops} (Table 1, as FLOPs)", "error": f"{error} on ImageNet, 10 crops"},
    )  # fmt: skip


def _resnet_cifar(name, trainable, params, macs, same_as, printed, error):
    published = {"parameters": f"{printed} (Table 6{'' if error else ', the residual twin'})"}
    if error:
        published["error"] = f"{error} on CIFAR-10 (Table 6)"
    return Card(
        name, "resnet", RESNET, "Section 4.2", (32, 32, 3), 10, trainable, params, macs, same_as, published=published
    )


_HAND = Card._field_defaults["same_as"]
_RESNETS = [
    _resnet("plain18", 11_515_688, 11_523_496, 1_794_805_760, _HAND, "1.8e9", "top-1 27.94 % (Table 2)"),
    _resnet("plain34", 21_623_848, 21_639_080, 3_644_493_824, _HAND, "3.6e9", "top-1 28.54 % (Table 2)"),
    _resnet("resnet18", 11_689_512, 11_699_112, 1_814_073_344, "torchvision 0.28.0", "1.8e9",
            "top-1 27.88 % (Table 2, shortcut A)"),
    _resnet("resnet34", 21_797_672, 21_814_696, 3_663_761_408, "torchvision 0.28.0", "3.6e9",
            "top-1 24.52 %, top-5 7.46 % (Table 3)"),
    _resnet("resnet50", 25_557_032, 25_610_152, 3_857_973_248, "pytorchcv 0.0.74", "3.8e9",
            "top-1 22.85 %, top-5 6.71 % (Table 3)"),
    _resnet("resnet101", 44_549_160, 44_654_504, 7_570_194_432, "pytorchcv 0.0.74, the authors' prototxt", "7.6e9",
            "top-1 21.75 %, top-5 6.05 % (Table 3)"),
    _resnet("resnet152", 60_192_808, 60_344_232, 11_282_415_616, "pytorchcv 0.0.74, the authors' prototxt", "11.3e9",
            "top-1 21.43 %, top-5 5.71 % (Table 3)"),
    _resnet_cifar("plain20_cifar", 269_722, 271_098, 40_551_040, _HAND, "0.27 M", ""),
    _resnet_cifar("plain32_cifar", 464_154, 466_426, 68_862_592, _HAND, "0.46 M", ""),
    _resnet_cifar("plain44_cifar", 658_586, 661_754, 97_174_144, _HAND, "0.66 M", ""),
    _resnet_cifar("plain56_cifar", 853_018, 857_082, 125_485_696, _HAND, "0.85 M", ""),
    _resnet_cifar("plain110_cifar", 1_727_962, 1_736_058, 252_887_680, _HAND, "1.7 M", ""),
    _resnet_cifar("resnet20_cifar", 269_722, 271_098, 40_551_040, "akamaster/pytorch_resnet_cifar10", "0.27 M",
                  "8.75 %"),
    _resnet_cifar("resnet32_cifar", 464_154, 466_426, 68_862_592, _HAND, "0.46 M", "7.51 %"),
    _resnet_cifar("resnet44_cifar", 658_586, 661_754, 97_174_144, _HAND, "0.66 M", "7.17 %"),
    _resnet_cifar("resnet56_cifar", 853_018, 857_082, 125_485_696, "akamaster/pytorch_resnet_cifar10", "0.85 M",
                  "6.97 %"),
    _resnet_cifar("resnet110_cifar", 1_727_962, 1_736_058, 252_887_680, "akamaster/pytorch_resnet_cifar10", "1.7 M",
                  "6.43 %"),
    _resnet_cifar("resnet1202_cifar", 19_421_274, 19_510_906, 2_829_238_912, "akamaster/pytorch_resnet_cifar10",
                  "19.4 M", "7.93 %"),
]  # fmt: skip

# ----------------------------------------------------------------------------------------------------------- MobileNet

MOBILENET_V1 = Paper(
    "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications",
    "Howard, Zhu, Chen, Kalenichenko, Wang, Weyand, Andreetto, Adam",
    2017,
    "arXiv:1704.04861",
)
MOBILENET_V2 = Paper(
    "MobileNetV2: Inverted Residuals and Linear Bottlenecks",
    "Sandler, Howard, Zhu, Zhmoginov, Chen",
    2018,
    "arXiv:1801.04381",
)
MOBILENET_V3 = Paper(
    "Searching for MobileNetV3",
    "Howard, Sandler, Chu, Chen, Chen, Tan, Wang, Zhu, Pang, Vasudevan, Le, Adam",
    2019,
    "arXiv:1905.02244",
)
_MOBILENETS = [
    Card(
        "mobilenet_v1", "mobilenet_v1", MOBILENET_V1, "Table 1", (224, 224, 3), 1000, 4_231_976, 4_253_864, 568_740_352,
        same_as="keras.applications 3.15.1, timm 1.0.31",
        published={"parameters": "4.2 M (Table 6)", "MACs": "569 M (Table 6)",
                   "accuracy": "top-1 70.6 % on ImageNet (Table 6)"},
        departs="ReLU6 instead of ReLU, and dropout before the classifier, as in the authors' code",
        scaling="symmetric",
    ),
    Card(
        "mobilenet_v2", "mobilenet_v2", MOBILENET_V2, "Table 2", (224, 224, 3), 1000, 3_504_872, 3_538_984, 300_774_272,
        same_as="torchvision 0.28.0, keras.applications 3.15.1, timm 1.0.31",
        published={"parameters": "3.4 M (Table 4; 3.47 M in the authors' repository, less 34,112 gammas and betas)",
                   "MACs": "300 M (Table 4)", "accuracy": "top-1 72.0 % on ImageNet (Table 4)"},
        departs="dropout before the classifier, and channels rounded to multiples of 8 where alpha is not 1, as in the "
        "authors' code",
        scaling="symmetric",
    ),
    Card(
        "mobilenet_v3_large", "mobilenet_v3", MOBILENET_V3, "Table 1", (224, 224, 3), 1000,
        5_483_032, 5_507_432, 216_589_760,
        same_as="keras.applications 3.15.1, torchvision 0.28.0",
        published={"parameters": "5.4 M (Table 3)", "MACs": "219 M (Table 3; 217 M in the authors' repository)",
                   "accuracy": "top-1 75.2 % on ImageNet (Table 3)"},
        departs="dropout before the classifier, as in the authors' code; alpha leaves the first convolution as wide as "
        "it is, as in keras.applications",
        scaling="symmetric",
    ),
    Card(
        "mobilenet_v3_small", "mobilenet_v3", MOBILENET_V3, "Table 2", (224, 224, 3), 1000,
        2_542_856, 2_554_968, 56_510_400,
        same_as="keras.applications 3.15.1, torchvision 0.28.0",
        published={"parameters": "2.5 M (Table 3)", "MACs": "56 M (Table 3)",
                   "accuracy": "top-1 67.4 % on ImageNet (Table 3)"},
        departs="no squeeze-and-excite in the last convolution, where Table 2 ticks it, and dropout before the "
        "classifier, both as in the authors' code; alpha leaves the first convolution as wide as it is, as in "
        "keras.applications",
        scaling="symmetric",
    ),
]  # fmt: skip

# ---------------------------------------------------------------------------------------------------------- ShuffleNet

SHUFFLENET_V1 = Paper(
    "ShuffleNet: An Extremely Efficient Convolutional Neural Network for Mobile Devices",
    "Zhang, Zhou, Lin, Sun",
    2017,
    "arXiv:1707.01083",
)
SHUFFLENET_V2 = Paper(
    "ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design",
    "Ma, Zhang, Zheng, Sun",
    2018,
    "arXiv:1807.11164",
)
_SHUFFLENETS = [
    Card(
        "shufflenet_v1", "shufflenet_v1", SHUFFLENET_V1, "Table 1", (224, 224, 3), 1000,
        1_865_728, 1_890_208, 137_460_672,
        same_as="pytorchcv 0.0.74 (1 x, three groups)",
        published={"MACs": "137 M (Table 1, g = 3)", "error": "top-1 32.6 % on ImageNet (Table 2, g = 3)"},
    ),
    Card(
        "shufflenet_v2", "shufflenet_v2", SHUFFLENET_V2, "Table 5", (224, 224, 3), 1000,
        2_278_604, 2_294_784, 144_907_992,
        same_as="torchvision 0.28.0, pytorchcv 0.0.74 (1 x)",
        published={"parameters": "2.3 M (Table 5)", "MACs": "146 M (Table 5)",
                   "error": "top-1 30.6 % on ImageNet (Table 8)"},
    ),
]  # fmt: skip

# -------------------------------------------------------------------------------------------------------- EfficientNet

EFFICIENTNET = Paper(
    "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", "Tan, Le", 2019, "arXiv:1905.11946"
)


def _efficientnet(b, size, trainable, params, macs, printed_parameters, printed_macs, accuracy):
    return Card(
        f"efficientnet_b{b}", "efficientnet", EFFICIENTNET, "Table 1" if b == 0 else "Table 1, scaled by Section 3.3",
        (size, size, 3), 1000, trainable, params, macs,
        same_as="keras.applications 3.15.1 less its 7 numbers for scaling images, torchvision 0.28.0",
        published={"parameters": f"{printed_parameters} (Table 2)", "MACs": f"{printed_macs} (Table 2)",
                   "accuracy": f"top-1 {accuracy} % on ImageNet (Table 2)"},
        departs="width and depth only near 1.1^phi and 1.2^phi; channels rounded to multiples of 8 and blocks rounded "
        "up; all as in the authors' code" if b else "",
    )  # fmt: skip


_EFFICIENTNETS = [
    _efficientnet(0, 224, 5_288_548, 5_330_564, 385_814_752, "5.3 M", "0.39 B", 77.1),
    _efficientnet(1, 240, 7_794_184, 7_856_232, 686_802_832, "7.8 M", "0.70 B", 79.1),
    _efficientnet(2, 260, 9_109_994, 9_177_562, 993_561_872, "9.2 M", "1.0 B", 80.1),
    _efficientnet(3, 300, 12_233_232, 12_320_528, 1_827_141_392, "12 M", "1.8 B", 81.6),
    _efficientnet(4, 380, 19_341_616, 19_466_816, 4_393_771_024, "19 M", "4.2 B", 82.9),
    _efficientnet(5, 456, 30_389_784, 30_562_520, 10_266_384_752, "30 M", "9.9 B", 83.6),
    _efficientnet(6, 528, 43_040_704, 43_265_136, 19_067_593_536, "43 M", "19 B", 84.0),
    _efficientnet(7, 600, 66_347_960, 66_658_680, 37_745_884_192, "66 M", "37 B", 84.3),
]

# ------------------------------------------------------------------------------------- DenseNet, Xception and ConvNeXt

DENSENET = Paper("Densely Connected Convolutional Networks", "Huang, Liu, van der Maaten, Weinberger", 2016,
                 "arXiv:1608.06993")  # fmt: skip
XCEPTION = Paper("Xception: Deep Learning with Depthwise Separable Convolutions", "Chollet", 2016, "arXiv:1610.02357")
CONVNEXT = Paper("A ConvNet for the 2020s", "Liu, Mao, Wu, Feichtenhofer, Darrell, Xie", 2022, "arXiv:2201.03545")


def _densenet(name, trainable, params, macs, error):
    return Card(
        name, "densenet", DENSENET, "Table 1", (224, 224, 3), 1000, trainable, params, macs,
        same_as="keras.applications 3.15.1, torchvision 0.28.0",
        published={"error": f"{error} on ImageNet, one crop (Table 3)"},
        min_size=29,
    )  # fmt: skip


def _convnext(name, params, macs, printed, flops, accuracy):
    return Card(
        name, "convnext", CONVNEXT, "Section 3 and Table 9", (224, 224, 3), 1000, params, params, macs,
        same_as="keras.applications 3.15.1, torchvision 0.28.0",
        published={"parameters": f"{printed} (Table 1)", "MACs": f"{flops} (Table 1, as FLOPs)",
                   "accuracy": f"top-1 {accuracy} on ImageNet (Table 1)"},
        min_size=32,
    )  # fmt: skip


_DENSE_TO_CONVNEXT = [
    _densenet("densenet121", 7_978_856, 8_062_504, 2_834_161_664, "top-1 25.02 %, top-5 7.71 %"),
    _densenet("densenet169", 14_149_480, 14_307_880, 3_359_843_328, "top-1 23.80 %, top-5 6.85 %"),
    _densenet("densenet201", 20_013_928, 20_242_984, 4_291_365_888, "top-1 22.58 %, top-5 6.34 %"),
    Card(
        "densenet100_cifar", "densenet", DENSENET, "Section 3", (32, 32, 3), 10, 769_162, 793_150, 287_929_692,
        same_as="pytorchcv 0.0.74 (parameters), the paper's Section 3 worked out by hand",
        published={"parameters": "0.8 M (Table 2)", "error": "4.51 % on CIFAR-10 with augmentation (Table 2)"},
        min_size=4,
    ),
    Card(
        "xception", "xception", XCEPTION, "Figure 5", (299, 299, 3), 1000, 22_855_952, 22_910_480, 8_357_403_496,
        same_as="keras.applications 3.15.1",
        published={"parameters": "22,855,952 (Table 3)",
                   "accuracy": "top-1 79.0 %, top-5 94.5 % on ImageNet (Table 1)"},
        scaling="symmetric",
        min_size=7,
    ),
    _convnext("convnext_tiny", 28_589_128, 4_455_531_264, "29 M", "4.5 G", "82.1 %"),
    _convnext("convnext_small", 50_223_688, 8_683_712_256, "50 M", "8.7 G", "83.1 %"),
    _convnext("convnext_base", 88_591_464, 15_354_729_472, "89 M", "15.4 G", "83.8 %"),
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

# -------------------------------------------------------------------------------------- ResNet v2, ResNeXt and SENet

RESNET_V2 = Paper("Identity Mappings in Deep Residual Networks", "He, Zhang, Ren, Sun", 2016, "arXiv:1603.05027")
RESNEXT = Paper(
    "Aggregated Residual Transformations for Deep Neural Networks",
    "Xie, Girshick, Dollár, Tu, He",
    2016,
    "arXiv:1611.05431",
)
SENET = Paper("Squeeze-and-Excitation Networks", "Hu, Shen, Albanie, Sun, Wu", 2017, "arXiv:1709.01507")


def _resnet_v2(depth, trainable, params, macs, **published):
    return Card(
        f"resnet{depth}_v2", "resnet_v2", RESNET_V2, "Figures 1b and 4e, with the depths of He et al. 2015",
        (224, 224, 3), 1000, trainable, params, macs, f"timm 1.0.31 resnetv2_{depth}", published=published,
    )  # fmt: skip


def _resnet_v2_cifar(depth, trainable, params, macs, printed, error):
    return Card(
        f"resnet{depth}_v2_cifar", "resnet_v2", RESNET_V2, "Figure 4e and the appendix", (32, 32, 3), 10,
        trainable, params, macs, "pytorchcv 0.0.74 (parameters; it strides on the 3x3), the authors' Torch code",
        published={"parameters": f"{printed} (Table 4)", "error": f"{error} on CIFAR-10 (Table 4)"},
    )  # fmt: skip


def _resnext(name, trainable, params, macs, same_as, where="Table 1", **published):
    return Card(
        name, "resnext", RESNEXT, where, (224, 224, 3), 1000, trainable, params, macs, same_as, published=published
    )


def _senet(name, trainable, params, macs, same_as, **published):
    return Card(
        name, "senet", SENET, "Table 1", (224, 224, 3), 1000, trainable, params, macs, same_as, published=published,
        min_size=3,
    )  # fmt: skip


_RESNET_V2_TO_SENET = [
    _resnet_v2(18, 11_687_720, 11_695_528, 1_814_073_344),
    _resnet_v2(34, 21_795_880, 21_811_112, 3_663_761_408),
    _resnet_v2(50, 25_549_352, 25_594_792, 4_089_184_256),
    _resnet_v2(101, 44_541_480, 44_639_144, 7_801_405_440),
    _resnet_v2(152, 60_185_128, 60_328_872, 11_513_626_624,
               error="top-1 21.1 %, top-5 5.5 % on ImageNet at 320x320 (Table 5)"),
    _resnet_v2_cifar(164, 1_703_258, 1_727_482, 244_500_992, "1.7 M", "5.46 %"),
    _resnet_v2_cifar(1001, 10_327_706, 10_476_922, 1_487_849_984, "10.2 M", "4.92 %"),
    _resnext("resnext50_32x4d", 25_028_904, 25_097_128, 4_230_479_872,
             "torchvision 0.28.0, timm 1.0.31, pytorchcv 0.0.74",
             parameters="25.0 M (Table 1)", MACs="4.2e9 (Table 1, as FLOPs)",
             error="top-1 22.2 % on ImageNet (Table 3)"),
    _resnext("resnext101_32x4d", 44_177_704, 44_315_560, 7_969_996_800, "pytorchcv 0.0.74",
             error="top-1 21.2 %, top-5 5.6 % on ImageNet (Table 4)"),
    _resnext("resnext101_64x4d", 83_455_272, 83_658_152, 15_460_270_080, "torchvision 0.28.0, pytorchcv 0.0.74",
             error="top-1 20.4 %, top-5 5.3 % on ImageNet (Table 4)"),
    _resnext("resnext152_32x4d", 59_951_400, 60_150_696, 11_709_513_728,
             "torchvision 0.28.0 (its class ResNet, with these numbers)",
             where="Table 1, with the depth of ResNet-152"),
    _senet("se_resnet18", 11_778_592, 11_788_192, 1_814_160_384, "timm 1.0.31, pytorchcv 0.0.74"),
    _senet("se_resnet34", 21_958_868, 21_975_892, 3_663_918_592, "timm 1.0.31, pytorchcv 0.0.74"),
    _senet("se_resnet50", 28_088_024, 28_141_144, 3_860_488_192,
           "timm 1.0.31, pytorchcv 0.0.74, the authors' prototxt",
           MACs="3.87e9 (Table 2, as FLOPs)", error="top-1 23.29 %, top-5 6.62 % on ImageNet (Table 2)"),
    _senet("se_resnet101", 49_326_872, 49_432_216, 7_574_937_600,
           "timm 1.0.31, pytorchcv 0.0.74, the authors' prototxt",
           MACs="7.60e9 (Table 2, as FLOPs)", error="top-1 22.38 %, top-5 6.07 % on ImageNet (Table 2)"),
    _senet("se_resnet152", 66_821_848, 66_973_272, 11_288_993_792,
           "timm 1.0.31, pytorchcv 0.0.74, the authors' prototxt",
           MACs="11.32e9 (Table 2, as FLOPs)", error="top-1 21.57 %, top-5 5.73 % on ImageNet (Table 2)"),
    _senet("se_resnext50_32x4d", 27_559_896, 27_628_120, 4_232_994_816,
           "timm 1.0.31, pytorchcv 0.0.74, the authors' prototxt",
           MACs="4.25e9 (Table 2, as FLOPs)", error="top-1 21.10 %, top-5 5.49 % on ImageNet (Table 2)"),
    _senet("se_resnext101_32x4d", 48_955_416, 49_093_272, 7_974_739_968, "timm 1.0.31, pytorchcv 0.0.74",
           MACs="8.00e9 (Table 2, as FLOPs)", error="top-1 20.70 %, top-5 5.01 % on ImageNet (Table 2)"),
    _senet("senet154", 115_088_984, 115_336_536, 20_688_363_520,
           "timm 1.0.31, pytorchcv 0.0.74, the authors' prototxt",
           error="top-1 18.68 %, top-5 4.47 % on ImageNet (Table 8)"),
]  # fmt: skip

# ----------------------------------------------------------------------------------------------------------- Inception

GOOGLENET = Paper(
    "Going Deeper with Convolutions",
    "Szegedy, Liu, Jia, Sermanet, Reed, Anguelov, Erhan, Vanhoucke, Rabinovich",
    2014,
    "arXiv:1409.4842",
)
INCEPTION_V2 = Paper(
    "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift",
    "Ioffe, Szegedy",
    2015,
    "arXiv:1502.03167",
)
INCEPTION_V3 = Paper(
    "Rethinking the Inception Architecture for Computer Vision",
    "Szegedy, Vanhoucke, Ioffe, Shlens, Wojna",
    2015,
    "arXiv:1512.00567",
)
INCEPTION_V4 = Paper(
    "Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning",
    "Szegedy, Ioffe, Vanhoucke, Alemi",
    2016,
    "arXiv:1602.07261",
)
_INCEPTIONS = [
    Card(
        "googlenet", "googlenet", GOOGLENET, "Table 1", (224, 224, 3), 1000, 6_998_552, 6_998_552, 1_582_671_872,
        same_as="the authors' network in Caffe's model zoo (bvlc_googlenet)",
        published={"parameters": "6.8 M (Table 1, the sum of its rows)", "MACs": "1.5e9 (Section 1)",
                   "error": "top-5 10.07 % on ImageNet, one network, one crop (Table 3)"},
        departs="nothing; the first row of Table 1 (2.7 K parameters, 34 M operations) is not that of the 7x7 "
        "convolution it names",
        min_size=31,
    ),
    Card(
        "googlenet_bn", "googlenet_bn", GOOGLENET, "Table 1", (224, 224, 3), 1000, 6_624_904, 6_639_464, 1_498_376_192,
        same_as="torchvision 0.28.0",
        departs="as torchvision does: batch normalization instead of biases and local response normalization, 3x3 "
        "instead of 5x5 convolutions, a last pool of 2x2, dropout 0.2",
        min_size=15,
    ),
    Card(
        "inception_v2", "inception_v2", INCEPTION_V2, "Figure 5", (224, 224, 3), 1000,
        11_285_224, 11_305_256, 2_032_600_064,
        same_as="pytorchcv 0.0.74",
        published={"parameters": "13.6 M (Section 4.2), which Figure 5 does not add up to",
                   "error": "top-1 25.2 %, top-5 7.82 % on ImageNet, one network, one crop (Figure 4)"},
        departs="a plain 7x7 convolution instead of a separable one, and 608 channels in 4c and 4d, where Figure 5 "
        'contradicts itself (its columns say 608, its output size 576): stem="separable" gives the other reading',
        min_size=7,
    ),
    Card(
        "inception_v3", "inception_v3", INCEPTION_V3, "Table 1, Figures 5 to 7", (299, 299, 3), 1000,
        23_817_352, 23_851_784, 5_713_216_096,
        same_as="keras.applications 3.15.1, and torchvision 0.28.0 but for the scales of its batch normalizations",
        published={"parameters": "less than 25 M (abstract)", "MACs": "5e9 (abstract), 4.8e9 (Table 3)",
                   "error": "top-1 21.2 %, top-5 5.6 % on ImageNet, one network, one crop (Table 3)"},
        departs="as the authors' published network does: 1x1, 3x3, pool instead of 3x3, 3x3/2, 3x3 in the stem, a 5x5 "
        "instead of a 3x3 convolution in the modules of Figure 5; batch normalization without scale",
        scaling="symmetric", min_size=75,
    ),
    Card(
        "inception_v4", "inception_v4", INCEPTION_V4, "Figures 3 to 9", (299, 299, 3), 1000,
        42_679_816, 42_742_984, 12_253_974_624,
        same_as="timm 1.0.31, pytorchcv 0.0.74, pretrainedmodels 0.7.4",
        published={"error": "top-1 20.0 %, top-5 5.0 % on ImageNet, one network, one crop (Table 2)"},
        departs="the order of some pairs of 1x7 and 7x1 convolutions, as in the authors' code",
        scaling="symmetric", min_size=75,
    ),
    Card(
        "inception_resnet_v1", "inception_resnet", INCEPTION_V4, "Figures 10 to 15", (299, 299, 3), 1000,
        22_756_328, 22_783_368, 6_206_361_696,
        published={"error": "top-1 21.3 %, top-5 5.5 % on ImageNet, one network, one crop (Table 2)"},
        departs="nothing; the paper gives no scales for its residuals, so they are those of v2",
        scaling="symmetric", min_size=75,
    ),
    Card(
        "inception_resnet_v2", "inception_resnet", INCEPTION_V4, "Figures 15 to 20", (299, 299, 3), 1000,
        55_843_464, 55_904_008, 13_155_794_016,
        same_as="timm 1.0.31, pytorchcv 0.0.74, pretrainedmodels 0.7.4, and keras.applications 3.15.1 but for the "
        "scales of its batch normalizations",
        published={"error": "top-1 19.9 %, top-5 4.9 % on ImageNet, one network, one crop (Table 2)"},
        departs="as the authors' published network does: the stem of Inception v3 and one more module, 10, 20 and 10 "
        "blocks instead of 5, 10 and 5, the last one neither scaled nor rectified, maps of 320, 1088 and 2080 channels "
        "(the figures print 384, 1154 and 2048, which do not add up), a 1x1 convolution to 1536 at the end",
        scaling="symmetric", min_size=75,
    ),
]  # fmt: skip

# ---------------------------------------------------------------------------- Autoencoder, U-Net and Siamese network

AUTOENCODER = Paper(
    "Stacked Convolutional Auto-Encoders for Hierarchical Feature Extraction",
    "Masci, Meier, Cireşan, Schmidhuber",
    2011,
    "doi:10.1007/978-3-642-21735-7_7",
)
UNET = Paper(
    "U-Net: Convolutional Networks for Biomedical Image Segmentation",
    "Ronneberger, Fischer, Brox",
    2015,
    "arXiv:1505.04597",
)
SIAMESE = Paper(
    "Siamese Neural Networks for One-shot Image Recognition",
    "Koch, Zemel, Salakhutdinov",
    2015,
    "https://www.cs.cmu.edu/~rsalakhu/papers/oneshot1.pdf",
)
_BEYOND_CLASSES = [
    Card(
        "autoencoder", "autoencoder", AUTOENCODER, "the network that lectures draw", (28, 28, 1), 1,
        140_594, 140_850, 24_715_008,
        same_as="the lecture's table, worked out by hand",
        departs="the whole network: the lecture's is trained in one piece and goes through 49 numbers, the paper's "
        "layer by layer",
        scaling="unit", min_size=20, task="reconstruct",
    ),
    Card(
        "unet", "unet", UNET, "Figure 1, as lectures draw it", (128, 128, 1), 1, 2_161_361, 2_164_305, 795_344_896,
        same_as="the lecture's table, worked out by hand",
        departs="a quarter of the width, padding, batch normalization, dropout, 3x3 transposed convolutions "
        "instead of 2x2; unet_original is the paper's",
        scaling="unit", min_size=16, task="segment",
    ),
    Card(
        "unet_original", "unet_original", UNET, "Figure 1", (572, 572, 1), 2, 31_030_658, 31_030_658, 150_428_424_448,
        published={"output": "388x388 of 572x572 (Figure 1)"},
        scaling="unit", min_size=188, task="segment",
    ),
    Card(
        "siamese", "siamese", SIAMESE, "Figure 4", (105, 105, 1), 1, 38_951_745, 38_951_745, 1_817_251_840,
        published={"accuracy": "92.0 % of 20-way one-shot trials on Omniglot (Table 2)"},
        scaling="unit", min_size=65, task="verify",
    ),
]  # fmt: skip

_ALL = [
    *_LENET, *_ALEXNET_TO_SQUEEZENET, *_INCEPTIONS, *_RESNETS, *_RESNET_V2_TO_SENET, *_DENSE_TO_CONVNEXT, *_MOBILENETS,
    *_SHUFFLENETS, *_EFFICIENTNETS, *_BEYOND_CLASSES,
]  # fmt: skip
CARDS: dict[str, Card] = {card.name: card for card in sorted(_ALL, key=lambda card: card.paper.year)}

UNLISTED = {  # what `build` makes too, but no paper's network: neither listed nor proven
    "staged": Card(
        "staged", "staged", RESNET, "Section 4.2, with projections", (32, 32, 3), 10, 272_474, 274_042, 40_813_184,
        same_as="ResNet-20 worked out by hand, by default; architecture search changes its blocks, depth and widths",
    ),
}  # fmt: skip


def card(name: str) -> Card:
    """The card of a network; an `InputError` that names the near ones where there is none."""
    name = ALIASES.get(name, name)
    if found := CARDS.get(name) or UNLISTED.get(name):
        return found
    raise unknown("model", name, [*CARDS, *ALIASES])


def names(pattern: str = "*", task: str | None = None) -> list[str]:
    """The catalog's names that match a shell pattern and, where given, a task."""
    if task is not None:
        one_of("task", task, TASKS)
    return [c.name for c in CARDS.values() if fnmatchcase(c.name, pattern) and task in (None, c.task)]


def proofs() -> dict[str, list[str]]:
    """The proofs that each network passes, as the tests wrote them down.

    "numbers": parameters, MACs and stage shapes of the paper; else an independent implementation with the same outputs.
    """
    import json
    from pathlib import Path

    return json.loads(Path(__file__).with_name("proofs.json").read_text(encoding="utf-8"))
