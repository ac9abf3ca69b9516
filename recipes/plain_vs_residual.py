"""Does a deeper network learn more? Plain and residual networks, trained side by side on the same batches.

    python recipes/plain_vs_residual.py                                   8x8 digits, nothing to download
    python recipes/plain_vs_residual.py --data cifar10 --budget 20m       as many epochs as fit into the time
    python recipes/plain_vs_residual.py --data cifar10 --depths 20,32,44,56 --knob n_filters=16 --batch 128

The networks and the procedure are those of He et al. 2015, Section 4.2 and Figure 6, by default half as wide: a plain
network of 56 layers learns less than one of 20, with shortcuts it learns. Losses are cross-entropies, without the
weight decay, and all networks see the same batches.

Digits: training loss of plain-20 0.028, plain-56 1.79, ResNet-20 0.004, ResNet-56 0.17, after 12 epochs, 276 steps; in
81 s in all on two CPU cores.
"""

import kerascnn
from kerascnn import training

CONFIG = {"data": "digits", "depths": (20, 56), "size": 0, "limit": 0, "augment": "none", "batch": 64}
CONFIG |= {"epochs": 12, "budget": "", "lr": 0.1, "weight_decay": 1e-4}
SMOKE = {"epochs": 1, "batch": 8, "limit": 16, "depths": (20, 32)}
HELP = {
    "depths": "numbers of layers; of each there is a plain and a residual network",
    "epochs": "passes over the training images; 0 means 10, but at least 1,000 steps",
    "lr": "learning rate; a tenth of it after half of the training, a hundredth after three quarters",
    "size": "height and width of the images; 0 means 16 for digits, or else what suits networks and data",
    "weight_decay": "weight decay, in the gradient",
}


def main(cfg):
    from keras.optimizers.schedules import PiecewiseConstantDecay

    cfg.knobs = {"n_filters": 8, **cfg.knobs}
    names = [f"{kind}{depth}_cifar" for kind in ("plain", "resnet") for depth in cfg.depths]
    card = kerascnn.info(names[0])
    run = training.Run(cfg, score=training.by_error)
    size = cfg.size or (16 if cfg.data == "digits" else 0)
    shape = training.input_shape(card, kerascnn.data.native_shape(cfg.data), size)
    pipeline = dict(batch=cfg.batch, scaling=card.scaling, augment=cfg.augment, **run.pipeline_args)
    images = kerascnn.data.load(cfg.data, shape, limit=cfg.limit or None, **pipeline)
    with run.strategy.scope():
        what = dict(input_shape=shape, classes=len(images.classes), **cfg.knobs)
        networks = [kerascnn.build(name, **what) for name in names]
        model = training.SideBySide(networks)
        cfg.epochs = training.epochs(cfg.epochs, cfg.budget, model, images, run.resumed, after=run.epoch)
        steps = cfg.epochs * images.steps
        rate = PiecewiseConstantDecay([steps // 2, steps * 3 // 4], [cfg.lr, cfg.lr / 10, cfg.lr / 100])
        optimizer = training.SGD(rate, momentum=0.9, weight_decay=cfg.weight_decay or None)
        model.compile(optimizer, training.CrossEntropy())
    run.open(model, images)
    model.fit(images.train, validation_data=images.validation, epochs=cfg.epochs, **run.fit_args())
    training.report_side_by_side(run, model, images)


if __name__ == "__main__":
    training.start(main, CONFIG, SMOKE, help=HELP)
