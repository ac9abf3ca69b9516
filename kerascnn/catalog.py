"""The table of contents, as data: what each network is, where it was published and what its numbers are.

Nothing here is our own measurement: `trainable`, `params` and `macs` come from the implementations named in `same_as`
(or from the paper's table worked out by hand, where nobody else has the network), and the tests hold every network to
them.
"""

from fnmatch import fnmatchcase
from typing import NamedTuple

from .errors import one_of, unknown

TASKS = ("classify", "segment", "reconstruct", "verify")


class Paper(NamedTuple):
    title: str
    authors: str
    year: int
    link: str


class Card(NamedTuple):
    """What is known of a network before it is built.

    `trainable` and `params` count the parameters that training changes and all of them (Keras's `count_params()`);
    `macs` counts the multiply-accumulates of convolutions and dense layers for one image of `input_shape` (height,
    width, channels). `published` holds what the paper itself prints, `departs` what here differs from the paper.
    `scaling` is the range that the network's images come in, a name of `kerascnn.data.SCALINGS`; `min_size` the
    smallest height and width.
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


ALIASES: dict[str, str] = {}

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
    published = {"parameters": f"{printed} (Table 6)"}
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
_MOBILENETS = [
    Card(
        "mobilenet_v1", "mobilenet_v1", MOBILENET_V1, "Table 1", (224, 224, 3), 1000, 4_231_976, 4_253_864, 568_740_352,
        same_as="keras.applications 3.15.1, timm 1.0.31",
        published={"parameters": "4.2 M (Table 6)", "MACs": "569 M (Table 6)",
                   "accuracy": "top-1 70.6 % on ImageNet (Table 6)"},
        departs="ReLU6 instead of ReLU, and dropout before the classifier, as in the authors' code",
        scaling="symmetric",
    ),
]  # fmt: skip

CARDS: dict[str, Card] = {card.name: card for card in [*_LENET, *_RESNETS, *_MOBILENETS]}


def card(name: str) -> Card:
    """The card of a network; an `InputError` that names the near ones where there is none."""
    name = ALIASES.get(name, name)
    if name not in CARDS:
        raise unknown("model", name, [*CARDS, *ALIASES])
    return CARDS[name]


def names(pattern: str = "*", task: str | None = None) -> list[str]:
    """The catalog's names that match a shell pattern and, where given, a task."""
    if task is not None:
        one_of("task", task, TASKS)
    return [c.name for c in CARDS.values() if fnmatchcase(c.name, pattern) and task in (None, c.task)]
