"""Small networks: MobileNet, ShuffleNet, EfficientNet."""

from .entry import Card, Paper

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

CARDS = [*_MOBILENETS, *_SHUFFLENETS, *_EFFICIENTNETS]
