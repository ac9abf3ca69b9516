"""Train the Siamese network of Koch et al. 2015, by its procedure, and try it on classes that it has never seen.

    python recipes/siamese_koch.py --data omniglot --runs PATH/all_runs.zip
    python recipes/siamese_koch.py                                        8x8 digits, nothing to download
    python recipes/siamese_koch.py --data path/to/folder --unseen-classes 0.2

"Siamese Neural Networks for One-shot Image Recognition", ICML 2015 workshop: network of Figure 4, procedure of Section
3.2, affine distortions of Section 3.3. The paper prints only ranges of its learning rates and penalties: `--lr` is for
all layers. --runs: the official test of Omniglot, from github.com/brendenlake/omniglot. --unseen-classes: the share of
the classes that are held out; of the digits 7 to 9. recipes/siamese_oneshot.py has a smaller and better network.

Koch et al., in the 20 official runs: 92.0 %.
"""

import kerascnn
from kerascnn import training

CONFIG = {"data": "digits", "runs": "", "size": 0, "limit": 0, "unseen_classes": 0.0}
CONFIG |= {"epochs": 0, "batch": 128, "lr": 2e-3}
SMOKE = {"epochs": 1, "batch": 8, "limit": 8}
HELP = {
    "batch": "pairs in a step",
    "epochs": "epochs of as many pairs as there are training images; 0 means 24 for omniglot, else 20",
    "limit": "largest number of images of each class, 2 or more; 0 means all",
    "lr": "learning rate of all layers in the first epoch; each further one has 1 % less",
    "unseen_classes": "share of the classes that are held out; 0 means a tenth for omniglot, else three tenths",
}


def main(cfg):
    run = training.Run(cfg, score=training.by_one_shot)
    epochs, unseen = (24, 0.1) if cfg.data == "omniglot" else (20, 0.3)
    cfg.epochs, unseen = cfg.epochs or epochs, cfg.unseen_classes or unseen
    shape = training.input_shape(kerascnn.info("siamese"), kerascnn.data.native_shape(cfg.data), cfg.size)
    shape = (*shape[:2], 1 if cfg.data == "omniglot" else shape[2])
    how = kerascnn.data.WARPS["koch"]._replace(fill=0)
    pipeline = dict(batch=cfg.batch, **run.pipeline_args, unseen=unseen, limit=cfg.limit or None)
    pairs = kerascnn.data.load_pairs(cfg.data, shape, how=how, **pipeline)
    with run.strategy.scope():
        network = kerascnn.build("siamese", input_shape=shape, **cfg.knobs)
        model = training.compile_as_paper(network, cfg.lr, pairs.steps)
    run.open(model, pairs)
    model.fit(pairs.train, validation_data=pairs.validation, epochs=cfg.epochs, **run.fit_args())
    training.report_verifier(run, pairs, cfg.runs)


if __name__ == "__main__":
    training.start(main, CONFIG, SMOKE, help=HELP)
