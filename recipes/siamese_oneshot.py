"""Train a Siamese network to tell whether two images show the same, and try it on classes that it has never seen.

    python recipes/siamese_oneshot.py                                     8x8 digits, nothing to download
    python recipes/siamese_oneshot.py --data omniglot --runs PATH/all_runs.zip
    python recipes/siamese_oneshot.py --data path/to/folder --unseen-classes 0.2

The twins are a small ResNet, trained on all pairs of a batch; recipes/siamese_koch.py has the paper's network. --runs:
the official test of Omniglot, from github.com/brendenlake/omniglot. --unseen-classes: the share of the classes that are
held out; of the digits 7 to 9. --copies: an embedding is the mean over an image and so many distorted copies.

Omniglot, trained on 28 background alphabets while two others chose the epoch, seed 0: 96.75 % in the 20 official runs
(10 at 100 %, 7 at 95 %, 3 at 90 %: standard deviation 3.7 %), in 34 min on one busy CPU core, which worked for 24 of
them, with other random distortions than now. Koch et al.: 92.0 %, people: 95.5 %. Digits, seeds 0 and 1: 73.7 and
78.5 % of 3-way trials, in 79 s on one core; nearest by pixels: 78 %.
"""

import kerascnn
from kerascnn import training

CONFIG = {"data": "digits", "runs": "", "size": 0, "limit": 0, "unseen_classes": 0.0, "copies": 8}
CONFIG |= {"epochs": 0, "batch": 128, "lr": 2e-3}
SMOKE = {"epochs": 1, "batch": 8, "limit": 8}
HELP = {
    "epochs": "passes over the training images; 0 means 24 for omniglot, else 20",
    "limit": "largest number of images of each class, 2 or more; 0 means all",
    "unseen_classes": "share of the classes that are held out; 0 means a tenth for omniglot, else three tenths",
}
TWIN = {"name": "resnet18", "n_filters": 32, "repeats": (1, 1, 1, 1)}
KNOBS = {"backbone": TWIN, "embedding": 256, "act": None, "distance": "cosine"}


def main(cfg):
    from keras.optimizers import AdamW

    run = training.Run(cfg, score=training.by_one_shot)
    cfg.knobs = KNOBS | cfg.knobs
    card = kerascnn.info(TWIN["name"])
    size, epochs, unseen = (80, 24, 0.1) if cfg.data == "omniglot" else (0, 20, 0.3)
    size, cfg.epochs, unseen = cfg.size or size, cfg.epochs or epochs, cfg.unseen_classes or unseen
    shape = training.input_shape(card, kerascnn.data.native_shape(cfg.data), size)
    shape = (*shape[:2], 1 if cfg.data == "omniglot" else shape[2])
    grey, move = shape[2] == 1, (-0.08 * shape[0], 0.08 * shape[0])
    how = kerascnn.data.Warp(rotation=(-15, 15), stretch=(0.8, 1.25), shear=(-0.2, 0.2), translation=move, fill=0)
    pipeline = dict(batch=cfg.batch, **run.pipeline_args, unseen=unseen, limit=cfg.limit or None)
    pairs = kerascnn.data.load_pairs(cfg.data, shape, how=how, strokes=float(grey), turned=grey, each=4, **pipeline)
    steps = cfg.epochs * pairs.steps
    with run.strategy.scope():
        network = kerascnn.build("siamese", input_shape=shape, **cfg.knobs)
        model = training.AllPairs(network)
        rate = training.warmup_cosine(cfg.lr, steps + steps // 20, warmup=steps // 20)
        metrics = [training.one_shot, training.verification]
        model.compile(AdamW(rate, weight_decay=0.05), loss=training.PairLoss(), metrics=metrics)
    run.open(model, pairs)
    model.fit(pairs.train, validation_data=pairs.validation, epochs=cfg.epochs, **run.fit_args())
    training.report_verifier(run, pairs, cfg.runs, how, cfg.copies)


if __name__ == "__main__":
    training.start(main, CONFIG, SMOKE, help=HELP)
