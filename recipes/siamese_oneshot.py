"""Train a Siamese network to tell whether two images show the same, and try it on classes that it has never seen.

    python recipes/siamese_oneshot.py                    letters of sixteen alphabets, nothing to download
    python recipes/siamese_oneshot.py --data omniglot --runs PATH/all_runs.zip
    python recipes/siamese_oneshot.py --data path/to/folder --unseen-classes 0.2

The twins are a small ResNet, trained on all pairs of a batch; recipes/siamese_koch.py has the paper's network. --runs:
the official test of Omniglot, github.com/brendenlake/omniglot. --unseen-classes: of letters Greek, Hebrew and Georgian.

Letters, seeds 0 to 2: 85.6, 85.5 and 85.5 % of the 20-way queries, in 66 s on two cores (pixels: 27.8 %, chance: 5 %).
Digits, seeds 0 and 1: 73.7 and 78.5 % of 3-way queries (by pixels: 78 %); seven classes teach little. Omniglot, seed 0,
while two alphabets chose the epoch: 96.75 % in the 20 official runs (standard deviation 3.7 %), in 34 min on one busy
CPU core, with other distortions and a slower end of the learning rate. Koch et al.: 92.0 %, people: 95.5 %.
"""

import kerascnn
from kerascnn import training

CONFIG = {"data": "letters", "runs": "", "size": 0, "limit": 0, "unseen_classes": 0.0, "copies": 8}
CONFIG |= {"epochs": 0, "batch": 128, "lr": 2e-3}
SMOKE = {"epochs": 1, "batch": 64, "limit": 2}
HELP = {
    "epochs": "passes over the training images; 0 means 8 for letters, 24 for omniglot, else 20",
    "limit": "largest number of images of each class, 2 or more; 0 means all",
    "unseen_classes": "share of the classes that are held out; 0 means 0.18 for letters, 0.1 for omniglot, else 0.3",
}
DEFAULTS = {"letters": (48, 8, 0.18, 0.5), "omniglot": (80, 24, 0.1, 1)}  # size, epochs, unseen classes, distortion
TWIN = {"name": "resnet18", "n_filters": 32, "repeats": (1, 1, 1, 1)}
KNOBS = {"backbone": TWIN, "embedding": 256, "act": None, "distance": "cosine"}


def main(cfg):
    from keras.optimizers import AdamW

    run = training.Run(cfg, score=training.by_one_shot)
    cfg.knobs = KNOBS | cfg.knobs
    size, epochs, unseen, much = DEFAULTS.get(cfg.data, (0, 20, 0.3, 1))
    size, cfg.epochs, unseen = cfg.size or size, cfg.epochs or epochs, cfg.unseen_classes or unseen
    shape = training.input_shape(kerascnn.info(TWIN["name"]), kerascnn.data.native_shape(cfg.data), size)
    shape = (*shape[:2], 1 if cfg.data == "omniglot" else shape[2])
    grey, move = shape[2] == 1, 0.08 * much * shape[0]
    how = dict(rotation=(-15 * much, 15 * much), stretch=(0.8**much, 1.25**much), shear=(-0.2 * much, 0.2 * much))
    how = kerascnn.data.Warp(**how, translation=(-move, move), fill=0)
    which = dict(unseen=unseen, limit=cfg.limit or None, each=4, strokes=float(grey), turned=grey and much == 1)
    pairs = kerascnn.data.load_pairs(cfg.data, shape, batch=cfg.batch, how=how, **which, **run.pipeline_args)
    steps = cfg.epochs * pairs.steps
    with run.strategy.scope():
        network = kerascnn.build("siamese", input_shape=shape, **cfg.knobs)
        model = training.AllPairs(network)
        rate = training.warmup_cosine(cfg.lr, steps, warmup=steps // 20)
        metrics = [training.one_shot, training.verification]
        model.compile(AdamW(rate, weight_decay=0.05), loss=training.PairLoss(), metrics=metrics)
    run.open(model, pairs)
    model.fit(pairs.train, validation_data=pairs.validation, epochs=cfg.epochs, **run.fit_args())
    training.report_verifier(run, pairs, cfg.runs, how, cfg.copies)


if __name__ == "__main__":
    training.start(main, CONFIG, SMOKE, help=HELP)
