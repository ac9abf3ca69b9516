"""Train any classifier of the catalog on any data.

    python recipes/classify.py                                     LeNet-5 on 8x8 digits, nothing to download
    python recipes/classify.py --data mnist                        a set of TensorFlow Datasets
    python recipes/classify.py --data path/to/folder               a folder of images for each class
    python recipes/classify.py --model resnet20_cifar --data cifar10 --optimizer sgd --lr 0.1
    python recipes/classify.py --model mobilenet_v1 --knob alpha=0.25 --size 96

--size is the side of the images, 0 chooses it to suit network and data; --epochs 0 means TODO; --limit takes only so
many images. The learning rate falls along a half cosine from --lr to 0.

    TODO
"""

import kerascnn
from kerascnn import training
from kerascnn.errors import one_of

CONFIG = {
    "model": "lenet5",
    "data": "digits",
    "size": 0,
    "limit": 0,
    "epochs": 10,
    "batch": 32,
    "optimizer": "adam",
    "lr": 2e-3,
}
SMOKE = {"epochs": 1, "batch": 8, "limit": 64}


def main(cfg):
    import keras
    from keras import optimizers

    card = kerascnn.info(cfg.model)
    make = {
        "adam": optimizers.Adam,
        "adamw": lambda lr: optimizers.AdamW(lr, weight_decay=0.05),
        "sgd": lambda lr: optimizers.SGD(lr, momentum=0.9, nesterov=True),
        "rmsprop": optimizers.RMSprop,
    }
    one_of("optimizer", cfg.optimizer, make)
    run = training.Run(cfg)
    shape = training.input_shape(card, kerascnn.data.native_shape(cfg.data), cfg.size)
    images = kerascnn.data.load(
        cfg.data,
        shape,
        batch=cfg.batch,
        scaling=card.scaling,
        seed=cfg.seed,
        replicas=run.replicas,
        limit=cfg.limit or None,
    )
    with run.strategy.scope():
        model = kerascnn.build(cfg.model, input_shape=shape, classes=len(images.classes), **cfg.knobs)
        model.compile(
            optimizer=make[cfg.optimizer](optimizers.schedules.CosineDecay(cfg.lr, cfg.epochs * images.steps)),
            loss=keras.losses.SparseCategoricalCrossentropy(),
            metrics=["accuracy"],
        )
    run.open(model, images)
    model.fit(
        images.train,
        shuffle=False,
        steps_per_epoch=images.steps,
        epochs=cfg.epochs,
        validation_data=images.validation,
        callbacks=run.callbacks(),
        verbose=run.verbose,
    )
    training.report_classifier(run, images)


if __name__ == "__main__":
    training.start(main, CONFIG, SMOKE)
