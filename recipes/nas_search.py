"""Search for a network that fits a budget, then train it: block kinds, depth and width, on keras-tuner.

    python recipes/nas_search.py                                             8x8 digits, nothing to download, 90 seconds
    python recipes/nas_search.py --data cifar10 --max-macs 20M --max-params 300k --budget 30m --workers 2
    python recipes/nas_search.py --family resnet --goal pareto-macs     the best accuracy for each cost
    python recipes/nas_search.py --family resnet20_cifar --knob n_filters=8,12,16 --knob "repeats=(1,1,1),(2,2,2)"

Networks train on some training images and are compared by others; the winner trains on all; test images judge it.
Two cores: digits 100 %; cifar10 84.2, 83.8, 84.6 % (seeds 0, 1, 2), a narrowed ResNet-20 in as long 83.2, 83.0 %.
"""

import kerascnn
from kerascnn import nas, training

CONFIG = {"data": "digits", "family": "", "size": 0, "limit": 0, "augment": "", "batch": 0, "lr": 0.05}
CONFIG |= {"max_params": "100k", "max_macs": "1M", "max_memory": "", "max_latency": "", "workers": 1, "trials": 0}
CONFIG |= {"strategy": "evolution", "goal": "accuracy", "proxy": "", "budget": "", "epochs": 9, "winner_epochs": 0}
SMOKE = {"trials": 2, "epochs": 1, "winner_epochs": 1, "batch": 8, "limit": 64}
HELP = {
    "accumulate": "number of parts in which a batch of the winner is computed, one after the other, to save memory",
    "augment": "augmentation of the training images; cifar for images in color unless given",
    "batch": "images in a step; 0 means 32, and 128 for a winner that trains on 20,000 images or more",
    "budget": "a time like 20m in which all ends; the search has a quarter of it; 3m unless it or --trials is given",
    "config": "repeats a search: takes the flags of its folder, or of its search.json; other flags given win over them",
    "epochs": "longest training of a network in the search, in epochs",
    "knob": "with the name of a network as --family: choices for an argument of it, like n_filters=8,12,16",
    "lr": "learning rate of the search, the highest of the winner's, for steps of 32 images unless --batch is given",
    "out": "folder of the search; saved_models/search-FAMILY-DATA unless given",
    "overwrite": "replaces the search in the folder",
    "resume": "continues the search in --out, with its flags, or starts it if there is none",
    "size": "height and width of the images; 0 means their own, but at most 32",
}


def main(cfg):
    import keras

    search = nas.Search(cfg)
    shape, classes = search.images_are()
    cfg.augment = cfg.augment or ("cifar" if shape[2] == 3 else "none")

    def load(**which):
        return kerascnn.data.load(cfg.data, shape, batch=cfg.batch or nas.BATCH, augment=cfg.augment, **which)

    def compile(model, values=None, rate=cfg.lr):
        model.compile(keras.optimizers.SGD(rate, momentum=0.9), training.CrossEntropy(), metrics=[training.accuracy])

    space = nas.space(search.family(), input_shape=shape, classes=classes)
    search.open(space, nas.budget(**{name: getattr(cfg, name) for name in nas.LIMITS}), load, compile)
    if not search.leaves_it_to_workers():
        how = dict(goal=cfg.goal, proxy=search.proxy(compile), **search.plan())
        oracle = nas.oracle(cfg.strategy, space, search.budget, **how)
        nas.Tuner(oracle, space, search.images, search.folder, compile=compile, max_epochs=cfg.epochs).search()
    if search.ends_here():
        return

    spec, cfg = search.winner()
    run = training.Run(cfg, score=None)
    images = load(limit=cfg.limit or None, **run.pipeline_args)
    with run.strategy.scope():
        model = kerascnn.build(**spec)
        cfg.epochs = training.epochs(cfg.epochs, cfg.budget, model, images, run.resumed, most=100)
        steps = cfg.epochs * images.steps
        compile(model, rate=training.warmup_cosine(cfg.lr, steps, warmup=0.2 * steps))
    run.open(model, images)
    model.fit(images.train, validation_data=images.validation, epochs=cfg.epochs, **run.fit_args())
    training.report_classifier(run, images)
    search.report()


if __name__ == "__main__":
    training.start(main, CONFIG, SMOKE, help=HELP)
