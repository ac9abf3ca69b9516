"""Famous mistakes in famous networks, made on purpose: each must be caught by a proof.

    python -m tests.mutations              # prints the table: mistake by proof
    python -m tests.mutations --write      # and puts it into tests/README.md

A mistake is a change of one piece of source text. The package's own files stay as they are: the changed source is run
in memory, the network is built from it, and the proofs of the suite are asked for their opinion.
"""

import argparse
import sys
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import keras

import kerascnn
from kerascnn import registry

from .golden import ARCHITECTURES, TRANSPLANTS, peer_file
from .models import test_applications, test_auxiliary, test_paper, test_transplants

README = Path(__file__).with_name("README.md")
BLOCKS = ("convolution", "heads", "residual_blocks", "__init__")  # each uses those before it


class Mistake(NamedTuple):
    """`right` in a file of the package becomes `wrong`; `network` is the network that suffers."""

    what: str
    network: str
    file: str
    right: str
    wrong: str


MISTAKES = [
    Mistake("LeNet-5 on maps that are padded", "lenet5", "models/lenet.py",
            "Conv2D(6, 5, ", "Conv2D(6, 5, padding='same', "),
    Mistake("AlexNet without LRN", "alexnet", "models/alexnet.py", "if lrn else x", "if False else x"),
    Mistake("LRN whose alpha isn't divided by its size", "alexnet", "layers.py",
            "self.alpha / self.size", "self.alpha"),
    Mistake("LRN after the pool", "alexnet", "models/alexnet.py",
            'x = normalize(x, "norm1")\n    x = max_pool(x, 3, 2, padding="ceil", name="pool1")',
            'x = max_pool(x, 3, 2, padding="ceil", name="pool1")\n    x = normalize(x, "norm1")'),
    Mistake("AlexNet's groups in conv3 too", "alexnet", "models/alexnet.py",
            'conv(x, 384, 3, act="relu", name="conv3")', 'conv(x, 384, 3, groups=groups, act="relu", name="conv3")'),
    Mistake("the AlexNet of 2014 for that of 2012", "alexnet", "models/alexnet.py",
            "96, 11, stride=4", "64, 11, stride=4"),
    Mistake("ZFNet's first stride 4, as AlexNet's", "zfnet", "models/zfnet.py", "96, 7, stride=2", "96, 7, stride=4"),
    Mistake("VGG-11 for VGG-16", "vgg16", "models/vgg.py", '"vgg16": (2, 2, 3, 3, 3)', '"vgg16": (1, 1, 2, 2, 2)'),
    Mistake("NiN's second pool by maximum", "nin_cifar", "models/nin.py",
            'average_pool(x, 3, 2, name="pool2")', 'max_pool(x, 3, 2, name="pool2")'),
    Mistake("SqueezeNet 1.1 with the pools of 1.0", "squeezenet_v1_1", "models/squeezenet.py",
            "(64, 3, (3, 5))", "(64, 3, (4, 8))"),
    Mistake("pools that round down for pools that round up", "squeezenet_v1_0", "models/squeezenet.py",
            '"ceil"', '"valid"'),
    Mistake("SqueezeNet 1.1's pools round down", "squeezenet_v1_1", "models/squeezenet.py", '"ceil"', '"valid"'),
    Mistake("3x3 for 5x5 in GoogLeNet", "googlenet", "models/googlenet.py", "(n5, 5)]", "(n5, 3)]"),
    Mistake("GoogLeNet's pools round down", "googlenet", "models/googlenet.py", 'padding="ceil"', 'padding="valid"'),
    Mistake("GoogLeNet's auxiliary heads swapped", "googlenet", "models/googlenet.py",
            '{"inception_4a": "aux1", "inception_4d": "aux2"}', '{"inception_4a": "aux2", "inception_4d": "aux1"}'),
    Mistake("GoogLeNet without the reduction before the 5x5", "googlenet", "models/googlenet.py",
            "[(reduce5, 1), (n5, 5)]", "[(n5, 5)]"),
    Mistake("one 3x3 for two in BN-Inception", "inception_v2", "models/inception_v2.py",
            "(double, 3), (double, 3)],", "(double, 3)],"),
    Mistake("Inception v3's average pools count the padding", "inception_v3", "models/inception_v3.py",
            'pool_size=3, stride=1, padding="same"', "pool_size=3, stride=1"),
    Mistake("1x7 and 7x1 in the other order", "inception_v4", "models/inception_v4.py",
            "[(192, 1), (224, (1, 7)), (256, (7, 1))]", "[(192, 1), (224, (7, 1)), (256, (1, 7))]"),
    Mistake("Inception-ResNet whose residuals aren't scaled", "inception_resnet_v2", "models/inception_resnet.py",
            "ScaledAdd(scale,", "ScaledAdd(1.0,"),
    Mistake("a ResNet-50 of 4-5-7-4 blocks", "resnet50", "models/resnet.py",
            '"resnet50", block="bottleneck", repeats=(3, 4, 6, 3)',
            '"resnet50", block="bottleneck", repeats=(4, 5, 7, 4)'),
    Mistake("stride on the wrong convolution", "resnet50", "blocks/residual_blocks.py",
            'if stride_on == "1x1" else', 'if stride_on == "3x3" else'),
    Mistake("padding at the bottom and right only", "resnet18", "blocks/convolution.py",
            'if padding != "symmetric":\n        return x, padding',
            'if True:\n        return x, "same" if padding == "symmetric" else padding'),
    Mistake("batch norm's epsilon 1e-3 for 1e-5", "resnet18", "blocks/convolution.py",
            'act="relu", epsilon=1e-5,', 'act="relu", epsilon=1e-3,'),
    Mistake("ReLU before the addition", "resnet18", "blocks/residual_blocks.py",
            '"original": ActivationOrder("", "bn", "relu")',
            '"original": ActivationOrder("", "bn relu", "")'),
    Mistake("zero channels on one side only", "resnet20_cifar", "layers.py",
            "[self.channels // 2, self.channels - self.channels // 2]", "[0, self.channels]"),
    Mistake("a projection where option A pads", "resnet20_cifar", "models/resnet.py",
            'shortcut="A", **row', 'shortcut="B", **row'),
    Mistake("a ResNet v2 without its last batch norm", "resnet50_v2", "models/resnet_v2.py",
            'x = bn_relu(x, order.before, name="last")', "pass"),
    Mistake("ResNeXt of 16 groups", "resnext50_32x4d", "models/resnext.py", "groups=32, width=4", "groups=16, width=8"),
    Mistake("squeeze-and-excitation gated by ReLU", "se_resnet50", "blocks/convolution.py",
            'gate="sigmoid"', 'gate="relu"'),
    Mistake("squeeze-and-excitation after the addition", "se_resnet50", "blocks/residual_blocks.py",
            'y = layers.Add(name=f"{name}_add" if order.after else name)([x, y])',
            'y = layers.Add(name=f"{name}_add" if order.after else name)([x, y])\n'
            '        y = layers.Multiply(name=f"{name}_again")([y, y]) if excite else y'),
    Mistake("an excitation ratio of 8", "se_resnet50", "models/senet.py", "width=64, ratio=16", "width=64, ratio=8"),
    Mistake("DenseNet whose transitions keep all maps", "densenet121", "models/densenet.py",
            "reduction=0.5", "reduction=1.0"),
    Mistake("no ReLU after the depthwise convolution", "mobilenet_v1", "blocks/convolution.py",
            "return bn_act(x, act=act, epsilon=epsilon, name=name)\n\n\ndef pad",
            "return bn_act(x, act=None, epsilon=epsilon, name=name)\n\n\ndef pad"),
    Mistake("ReLU for ReLU6", "mobilenet_v1", "models/mobilenet_v1.py", 'act="relu6"', 'act="relu"'),
    Mistake("bottlenecks that end in ReLU6", "mobilenet_v2", "models/mobilenet_v2.py",
            "None if linear", "None if not linear"),
    Mistake("channels that aren't rounded to eight", "mobilenet_v2", "blocks/convolution.py",
            "return rounded + divisor if rounded < 0.9 * channels else rounded", "return int(channels)"),
    Mistake("an excitation by sigmoid in MobileNet v3", "mobilenet_v3_large", "models/mobilenet_v3.py",
            'gate="hard_sigmoid"', 'gate="sigmoid"'),
    Mistake("channels shuffled the wrong way", "shufflenet_v1", "layers.py",
            "(-1, self.groups, x.shape[-1] // self.groups)", "(-1, x.shape[-1] // self.groups, self.groups)"),
    Mistake("ShuffleNet's first 1x1 grouped", "shufflenet_v1", "models/shufflenet_v1.py",
            "1 if i == 2 and j == 1 else groups", "groups"),
    Mistake("ReLU after ShuffleNet's depthwise convolution", "shufflenet_v1", "models/shufflenet_v1.py",
            'act=None, name=f"{name}_depthwise"', 'name=f"{name}_depthwise"'),
    Mistake("ReLU between a separable convolution's halves", "xception", "models/xception.py",
            "shortcut=True, intermediate=None,", 'shortcut=True, intermediate="relu",'),
    Mistake("EfficientNet that squeezes a share of the wide map", "efficientnet_b0", "models/efficientnet.py",
            "x.shape[-1] // 4)", "expansion * x.shape[-1] // 4)"),
    Mistake("ReLU for GELU in ConvNeXt", "convnext_tiny", "models/convnext.py",
            'Activation("gelu"', 'Activation("relu"'),
]  # fmt: skip


def numbers(name: str) -> None:
    for entry in ARCHITECTURES:
        if entry["build"][0] == name:
            test_paper.test_numbers_of_the_paper(entry, _no_record)
    test_paper.test_card_holds_the_numbers_of_its_source(name, _no_record)


def outputs_of_peers(name: str) -> None:
    for peer in TRANSPLANTS:
        if peer_file(peer)["build"][0] == name:
            test_transplants.test_outputs_of_the_peer(peer, None, _no_record)


def outputs_of_keras_applications(name: str) -> None:
    for twin, size in (case.values for case in test_applications.CASES):
        if twin.name == name:
            test_applications.test_outputs_of_keras_applications(twin, size, None, _no_record)


def auxiliary_heads(name: str) -> None:
    if name == "googlenet":
        test_auxiliary.test_heads_sit_where_the_paper_has_them()


PROOFS = {
    "numbers": numbers,
    "peers": outputs_of_peers,
    "keras.applications": outputs_of_keras_applications,
    "heads": auxiliary_heads,
}


def _no_record(name, proof):
    """Stands in for the fixture `proves`: what a mistaken network proves is not written down."""


def survives(proof: str, name: str) -> bool:
    """Whether a proof finds nothing wrong with a network."""
    keras.config.set_floatx("float32" if proof == "numbers" else "float64")
    try:
        PROOFS[proof](name)
    except OSError:  # a golden file that isn't there catches nothing
        raise
    except Exception:
        return False
    finally:
        keras.config.set_floatx("float32")
        keras.backend.clear_session()
    return True


def proofs_of(name: str) -> list[str]:
    """The proofs that say something of a network."""
    has = {
        "numbers": True,
        "peers": any(peer_file(peer)["build"][0] == name for peer in TRANSPLANTS),
        "keras.applications": any(case.values[0].name == name for case in test_applications.CASES),
        "heads": name == "googlenet",
    }
    return [proof for proof in PROOFS if has[proof]]


@contextmanager
def made(mistake: Mistake):
    """Run the package with one piece of its source changed."""
    model_file = f"models/{kerascnn.info(mistake.network).module}.py"
    files = ["layers.py", *(f"blocks/{name}.py" for name in BLOCKS), model_file]
    sources = {file: (Path(kerascnn.__file__).parent / file).read_text(encoding="utf-8") for file in files}
    assert mistake.right in sources[mistake.file], f"{mistake.what}: {mistake.file} has changed"
    wrong = sources[mistake.file].replace(mistake.right, mistake.wrong)
    kerascnn.registry.knobs(mistake.network)  # imports the modules
    kept = [(module_of(file), dict(vars(module_of(file)))) for file in files]
    builders = dict(registry._BUILDERS)
    run({**sources, mistake.file: wrong})
    try:
        yield
    finally:
        for module, before in kept:
            vars(module).clear()
            vars(module).update(before)
        registry._BUILDERS.clear()
        registry._BUILDERS.update(builders)


def run(sources: dict[str, str]) -> None:
    """Execute these sources in the modules that they belong to, the later ones seeing the earlier."""
    for file, source in sources.items():
        module = module_of(file)
        for name, (builder, *_) in list(registry._BUILDERS.items()):
            if builder.__module__ == module.__name__:
                del registry._BUILDERS[name]
        exec(compile(source, file, "exec"), vars(module))


def module_of(file: str):
    return import_module("kerascnn." + file.removesuffix(".py").removesuffix("/__init__").replace("/", "."))


def table() -> list[str]:
    """The rows of the table mistake by proof, in Markdown."""
    rows = [f"| mistake | network | {' | '.join(PROOFS)} |", "|---|---|" + "---|" * len(PROOFS)]
    for mistake in MISTAKES:
        own = proofs_of(mistake.network)
        with made(mistake):
            cells = [
                ("survives" if survives(proof, mistake.network) else "caught") if proof in own else ""
                for proof in PROOFS
            ]
        if "caught" not in cells:
            cells = [cell.upper() for cell in cells]
        rows.append(f"| {mistake.what} | `{mistake.network}` | {' | '.join(cells)} |")
        print(rows[-1], flush=True)
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="put the table into tests/README.md")
    args = parser.parse_args()
    rows = table()
    survivors = sum("SURVIVES" in row for row in rows)
    print(f"{len(MISTAKES)} mistakes, {survivors} not caught")
    if args.write:
        head, _, _ = README.read_text(encoding="utf-8").partition("| mistake |")
        README.write_text(head + "\n".join(rows) + "\n", encoding="utf-8")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
