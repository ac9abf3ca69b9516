"""Search for a network that fits a budget, then train it: block kinds, depth and width, on keras-tuner.

    python recipes/nas_search.py                                             8x8 digits, nothing to download, 3 minutes
    python recipes/nas_search.py --data cifar10 --max-macs 20M --max-params 300k --budget 30m --workers 2
    python recipes/nas_search.py --family resnet --objective pareto-macs     the best accuracy for each cost
    python recipes/nas_search.py --family resnet20_cifar --knob n_filters=8,12,16 --knob "repeats=(1,1,1),(2,2,2)"

In a third of --budget networks train on a part of the training images and are compared on others of them; the winner
trains on all; test images judge it, and choose nothing. --family: vgg (for digits), resnet, mobilenet, mixed, or any
network with choices for its knobs. Colour images are cut and flipped, unless --augment says otherwise. Two CPU cores:
digits 99.5 to 99.7 % of 369, 2.5 min; cifar10 as above 82.3 and 81.8 % (seeds 0, 1), ResNet-20 narrowed to fit 82.0 %.
"""

import kerascnn
from kerascnn import nas, training

CONFIG = {"data": "digits", "family": "", "size": 0, "limit": 0, "augment": "", "batch": 32, "lr": 2e-3}
CONFIG |= {"max_params": "100k", "max_macs": "1M", "max_memory": "", "max_latency": "", "workers": 1, "trials": 0}
CONFIG |= {"strategy": "evolution", "objective": "accuracy", "proxy": "", "budget": "", "epochs": 9, "winner_epochs": 0}
SMOKE = {"trials": 2, "epochs": 1, "winner_epochs": 1, "batch": 8, "limit": 64}


def main(cfg):
    import keras

    search = nas.Search(cfg)
    shape, classes = search.images_are()
    cfg.augment = cfg.augment or ("cifar" if shape[2] == 3 else "none")

    def load(**which):
        return kerascnn.data.load(cfg.data, shape, batch=cfg.batch, augment=cfg.augment, **which)

    def compile(model, values=None, rate=cfg.lr):
        model.compile(keras.optimizers.Adam(rate), training.CrossEntropy(), metrics=[training.accuracy])

    space = nas.space(search.family(), input_shape=shape, classes=classes)
    search.open(space, nas.budget(**{name: getattr(cfg, name) for name in nas.LIMITS}), load, compile)
    if not search.leaves_it_to_workers():
        how = dict(goal=cfg.objective, proxy=search.proxy(), **search.plan())
        oracle = nas.oracle(cfg.strategy, space, search.budget, **how)
        nas.Tuner(oracle, space, search.images, search.folder, compile=compile, max_epochs=cfg.epochs).search()
    if search.ends_here():
        return

    spec, cfg = search.winner()
    run = training.Run(cfg, score=None, part_of=search.folder)
    images = load(limit=cfg.limit or None, **run.stream)
    with run.strategy.scope():
        model = kerascnn.build(**spec)
        cfg.epochs = training.epochs(cfg, model, images, run.resumed, enough=100)
        compile(model, rate=keras.optimizers.schedules.CosineDecay(cfg.lr, cfg.epochs * images.steps))
    run.open(model, images)
    model.fit(images.train, validation_data=images.validation, epochs=cfg.epochs, **run.arguments())
    training.report_classifier(run, images)
    search.report()


if __name__ == "__main__":
    training.start(main, CONFIG, SMOKE)
