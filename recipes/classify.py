"""Train any classifier of the catalog on any data.

    python recipes/classify.py                             LeNet-5 on 8x8 digits, nothing to download
    python recipes/classify.py --data mnist                a set of TensorFlow Datasets
    python recipes/classify.py --data path/to/folder       one folder of images a class
    python recipes/classify.py --model resnet20_cifar --data cifar10 --optimizer sgd --lr 0.1 --epochs 100
    python recipes/classify.py --model mobilenet_v1 --knob alpha=0.25 --size 96

--epochs 0 trains for 10 epochs, but at least for 1,000 steps; --size 0 lets network and data decide on the size of the
images; --limit takes only so many of them.

On two busy CPU cores: digits 98.4 to 98.9 % of 369 held-out images in 22 to 54 s (seeds 0 to 2); mnist 99.1 % of the
10,000 test images in 10 epochs, 9 min.
"""

from functools import partial

import kerascnn
from kerascnn import training
from kerascnn.errors import one_of

CONFIG = {"model": "lenet5", "data": "digits", "size": 0, "limit": 0}
CONFIG |= {"epochs": 0, "batch": 32, "optimizer": "adam", "lr": 2e-3}
SMOKE = {"epochs": 1, "batch": 8, "limit": 64}


def main(cfg):
    from keras.optimizers import SGD, Adam, AdamW, RMSprop, schedules

    optimizers = {"adam": Adam, "adamw": AdamW, "sgd": partial(SGD, momentum=0.9), "rmsprop": RMSprop}
    one_of("optimizer", cfg.optimizer, optimizers)
    card = kerascnn.info(cfg.model)
    run = training.Run(cfg)
    shape = training.input_shape(card, kerascnn.data.native_shape(cfg.data), cfg.size)
    pipeline = dict(batch=cfg.batch, scaling=card.scaling, seed=cfg.seed, replicas=run.replicas)
    images = kerascnn.data.load(cfg.data, shape, limit=cfg.limit or None, **pipeline)
    epochs = cfg.epochs or max(10, -(-1000 // images.steps))
    with run.strategy.scope():
        model = kerascnn.build(cfg.model, input_shape=shape, classes=len(images.classes), **cfg.knobs)
        optimizer = optimizers[cfg.optimizer](schedules.CosineDecay(cfg.lr, epochs * images.steps))
        model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    run.open(model, images)
    model.fit(
        images.train,
        shuffle=False,
        steps_per_epoch=images.steps,
        epochs=epochs,
        validation_data=images.validation,
        callbacks=run.callbacks(),
        verbose=run.verbose,
    )
    training.report_classifier(run, images)


if __name__ == "__main__":
    training.start(main, CONFIG, SMOKE)
