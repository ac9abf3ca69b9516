"""Train the Siamese network of Koch et al. 2015, by its procedure, and try it on classes that it has never seen.

    python recipes/siamese_koch.py --data omniglot --runs PATH/all_runs.zip
    python recipes/siamese_koch.py                       letters of sixteen alphabets, nothing to download
    python recipes/siamese_koch.py --data path/to/folder --unseen-classes 0.2

"Siamese Neural Networks for One-shot Image Recognition", ICML 2015 workshop: network of Figure 4, procedure of Section
3.2, affine distortions of Section 3.3. The paper prints only ranges of its learning rates and penalties: `--lr` is for
all layers. Omniglot gets the paper's network, all else a quarter of its width and smaller batches: --knob n_filters=64
--knob embedding=4096 --batch 128 undo that. --runs: the official test of Omniglot, github.com/brendenlake/omniglot.
--unseen-classes: of the letters Greek, Hebrew and Georgian. recipes/siamese_oneshot.py has a better network.

Letters, seed 0: 62.6 % of the 20-way queries in three unseen alphabets (nearest by pixels: 27.6 %, chance: 5 %), 90.1 %
of the pairs, after 154 s on two CPU cores.
Koch et al., in the 20 official runs of Omniglot: 92.0 %.
"""

import kerascnn
from kerascnn import training

CONFIG = {"data": "letters", "runs": "", "size": 0, "limit": 0, "unseen_classes": 0.0}
CONFIG |= {"epochs": 0, "batch": 0, "lr": 0.0}
SMOKE = {"epochs": 1, "batch": 64, "limit": 2}
HELP = {
    "batch": "pairs in a step; 0 means 128 for omniglot, else 32",
    "epochs": "epochs of as many pairs as training images; 0 means 10 for letters, 24 for omniglot, else 20",
    "limit": "largest number of images of each class, 2 or more; 0 means all",
    "lr": "rate of all layers in the first epoch, 1 % less in each further one; 0: 2e-3 for omniglot, else 0.03",
    "unseen_classes": "share of the classes that are held out; 0 means 0.18 for letters, 0.1 for omniglot, else 0.3",
}
DEFAULTS = {"letters": (65, 10, 32, 0.03, 0.18), "omniglot": (0, 24, 128, 2e-3, 0.1)}  # size, epochs, batch, lr, unseen
NARROW = {"n_filters": 16, "embedding": 256}


def main(cfg):
    size, epochs, batch, lr, unseen = DEFAULTS.get(cfg.data, (0, 20, 32, 0.03, 0.3))
    cfg.epochs, cfg.batch, cfg.lr = cfg.epochs or epochs, cfg.batch or batch, cfg.lr or lr
    cfg.knobs = cfg.knobs if cfg.data == "omniglot" else NARROW | cfg.knobs
    run = training.Run(cfg, score=training.by_one_shot)
    shape = training.input_shape(kerascnn.info("siamese"), kerascnn.data.native_shape(cfg.data), cfg.size or size)
    shape = (*shape[:2], 1 if cfg.data == "omniglot" else shape[2])
    how = kerascnn.data.WARPS["koch"]._replace(fill=0)
    pipeline = dict(batch=cfg.batch, **run.pipeline_args, unseen=cfg.unseen_classes or unseen, limit=cfg.limit or None)
    pairs = kerascnn.data.load_pairs(cfg.data, shape, how=how, **pipeline)
    with run.strategy.scope():
        network = kerascnn.build("siamese", input_shape=shape, **cfg.knobs)
        model = training.compile_as_paper(network, cfg.lr, pairs.steps)
    run.open(model, pairs)
    model.fit(pairs.train, validation_data=pairs.validation, epochs=cfg.epochs, **run.fit_args())
    training.report_verifier(run, pairs, cfg.runs)


if __name__ == "__main__":
    training.start(main, CONFIG, SMOKE, help=HELP)
