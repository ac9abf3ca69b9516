"""Residual networks, and what followed them: from ResNet to ConvNeXt."""

from .entry import Card, Paper

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

CARDS = [*_RESNETS, *_RESNET_V2_TO_SENET, *_DENSE_TO_CONVNEXT]
