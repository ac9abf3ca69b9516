"""The pyramid of feature maps: the stages of the papers' tables. (Every classifier: tests/models/test_common.py.)"""

import keras
import pytest

import kerascnn
from kerascnn.backbones import pyramid

STAGES = {  # stride: the layer and its map, from the papers' tables; sizes as in golden/architectures.json
    "alexnet": {4: ("norm1", (55, 55, 96)), 8: ("norm2", (27, 27, 256)), 16: ("conv5", (13, 13, 256)),
                32: ("pool5", (6, 6, 256))},
    "vgg16": {1: ("block1_conv2", (224, 224, 64)), 2: ("block2_conv2", (112, 112, 128)),
              4: ("block3_conv3", (56, 56, 256)), 8: ("block4_conv3", (28, 28, 512)),
              16: ("block5_conv3", (14, 14, 512)), 32: ("block5_pool", (7, 7, 512))},
    "googlenet": {2: ("conv1", (112, 112, 64)), 4: ("norm2", (56, 56, 192)), 8: ("inception_3b", (28, 28, 480)),
                  16: ("inception_4e", (14, 14, 832)), 32: ("inception_5b", (7, 7, 1024))},
    "resnet50": {2: ("conv1", (112, 112, 64)), 4: ("stage1", (56, 56, 256)), 8: ("stage2", (28, 28, 512)),
                 16: ("stage3", (14, 14, 1024)), 32: ("stage4", (7, 7, 2048))},
    "inception_v3": {2: ("stem3", (147, 147, 64)), 4: ("stem6", (71, 71, 192)), 8: ("mixed_5d", (35, 35, 288)),
                     16: ("mixed_6e", (17, 17, 768)), 32: ("mixed_7c", (8, 8, 2048))},
    "squeezenet_v1_1": {2: ("conv1", (111, 111, 64)), 4: ("fire3", (55, 55, 128)), 8: ("fire5", (27, 27, 256)),
                        16: ("fire9", (13, 13, 512))},
    "densenet121": {2: ("conv1", (112, 112, 64)), 4: ("block1", (56, 56, 256)), 8: ("block2", (28, 28, 512)),
                    16: ("block3", (14, 14, 1024)), 32: ("last", (7, 7, 1024))},
    "mobilenet_v2": {2: ("bottleneck1", (112, 112, 16)), 4: ("bottleneck2", (56, 56, 24)),
                     8: ("bottleneck3", (28, 28, 32)), 16: ("bottleneck5", (14, 14, 96)),
                     32: ("conv_last", (7, 7, 1280))},
    "resnet20_cifar": {1: ("stage1", (32, 32, 16)), 2: ("stage2", (16, 16, 32)), 4: ("stage3", (8, 8, 64))},
}  # fmt: skip


@pytest.mark.parametrize("name", STAGES)
def test_maps_are_the_stages_of_the_paper(name):
    with keras.StatelessScope(initialize_variables=False):  # shapes are enough
        maps = pyramid(kerascnn.build(name, include_top=False))
    found = {stride: (tensor._keras_history.operation.name, tensor.shape[1:]) for stride, tensor in maps.items()}
    assert found == STAGES[name]


def test_heads_and_tops_are_no_part_of_it():
    whole = kerascnn.build("googlenet", alpha=0.125, aux=True, classes=4)
    bare = kerascnn.build("googlenet", alpha=0.125, include_top=False)
    assert [t.shape for t in pyramid(whole).values()] == [t.shape for t in pyramid(bare).values()]


def test_models_of_keras_applications_have_one():
    model = keras.applications.MobileNetV2(weights=None, include_top=False, input_shape=(64, 64, 3))
    names = {stride: tensor._keras_history.operation.name for stride, tensor in pyramid(model).items()}
    assert names == {  # as segmentation_models has them
        2: "block_1_expand_relu", 4: "block_3_expand_relu", 8: "block_6_expand_relu", 16: "block_13_expand_relu",
        32: "out_relu",
    }  # fmt: skip
    assert kerascnn.build("unet", backbone=model, n_filters=2).output.shape == (None, 64, 64, 1)


def test_a_network_without_a_last_map_is_told():
    with pytest.raises(kerascnn.InputError, match="must have a layer `features` or end in one map"):
        pyramid(keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten()]))


def test_a_backbone_for_other_images_is_told():
    backbone = kerascnn.build("resnet20_cifar")
    with pytest.raises(kerascnn.InputError, match=r"64, 64, 3\): the backbone resnet20_cifar takes \(32, 32, 3"):
        kerascnn.build("unet", backbone=backbone, input_shape=(64, 64, 3))
    with pytest.raises(kerascnn.InputError, match="the name of a classifier, a dict of its name and knobs, or a keras"):
        kerascnn.build("unet", backbone=kerascnn.build("siamese", input_shape=(65, 65, 1), embedding=4))


def test_a_backbone_by_name_and_knobs():
    knobs = {"name": "resnet18", "n_filters": 8, "repeats": [1, 1, 1, 1]}  # as it comes out of a JSON file
    twin = kerascnn.build("siamese", input_shape=(32, 32, 1), backbone=knobs, include_top=False)
    alone = kerascnn.build(input_shape=(32, 32, 1), include_top=False, pooling="avg", **knobs)
    assert twin.count_params() == alone.count_params()
    assert kerascnn.build("unet", input_shape=(32, 32, 1), backbone=knobs, n_filters=2).output.shape[1:] == (32, 32, 1)
    by_default = kerascnn.build("unet", backbone={"name": "resnet20_cifar", "n_filters": 4}, n_filters=2)
    assert by_default.input_shape == (None, 32, 32, 3), "the backbone's own"
    with pytest.raises(kerascnn.InputError, match="unknown knob of resnet18 'n_filter': did you mean n_filters"):
        kerascnn.build("siamese", input_shape=(32, 32, 1), backbone={"name": "resnet18", "n_filter": 8})
