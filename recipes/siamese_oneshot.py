"""Train a Siamese network to tell whether two images show the same, and try it on classes that it has never seen.

    python recipes/siamese_oneshot.py                                     8x8 digits, nothing to download
    python recipes/siamese_oneshot.py --data omniglot --runs PATH/all_runs.zip
    python recipes/siamese_oneshot.py --data omniglot --runs PATH/all_runs.zip --paper
    python recipes/siamese_oneshot.py --data path/to/folder --color --unseen 0.2

The twins are a small ResNet, trained on all pairs of a batch; of the digits, 7 to 9 are unseen. --paper: the network
and the procedure of Koch et al. 2015. --runs: the official test of Omniglot, from github.com/brendenlake/omniglot.
--copies: an embedding is the mean over an image and so many distorted copies.
"""

import kerascnn
from kerascnn import training
from kerascnn.data.warp import KOCH, Warp

CONFIG = {"data": "digits", "runs": "", "paper": False, "color": False, "size": 0, "limit": 0, "unseen": 0.0}
CONFIG |= {"epochs": 0, "batch": 128, "lr": 2e-3, "copies": 8}
SMOKE = {"epochs": 1, "batch": 8, "limit": 8}
TWIN = {"name": "resnet18", "n_filters": 32, "repeats": (1, 1, 1, 1)}
HEAD = {"embedding": 256, "act": None, "distance": "cosine"}


def main(cfg):
    from keras.optimizers import AdamW, schedules

    run = training.Run(cfg, score=training.by_one_shot)
    is_omniglot = cfg.data == "omniglot"
    card = kerascnn.info("siamese" if cfg.paper else TWIN["name"])
    size = cfg.size or (80 if is_omniglot and not cfg.paper else 0)
    shape = (*training.input_shape(card, kerascnn.data.native_shape(cfg.data), size)[:2], 3 if cfg.color else 1)
    move = 0.08 * shape[0]
    how = Warp(rotation=(-15, 15), stretch=(0.8, 1.25), shear=(-0.2, 0.2), translation=(-move, move), fill=0)
    changes = dict(how=how, strokes=0 if cfg.color else 1, turned=is_omniglot, each=4)
    changes = dict(how=KOCH._replace(fill=0)) if cfg.paper else changes
    pipeline = dict(batch=cfg.batch, unseen=cfg.unseen or (0.1 if is_omniglot else 0.3), limit=cfg.limit or None)
    pairs = kerascnn.data.load_pairs(cfg.data, shape, seed=cfg.seed, replicas=run.replicas, **changes, **pipeline)
    epochs = cfg.epochs or (24 if is_omniglot else 20)
    with run.strategy.scope():
        if cfg.paper:
            network = kerascnn.build("siamese", input_shape=shape, **cfg.knobs)
            model = training.compile_as_paper(network, cfg.lr, pairs.steps)
        else:
            backbone = kerascnn.build(input_shape=shape, include_top=False, **TWIN)
            network = kerascnn.build("siamese", input_shape=shape, backbone=backbone, **HEAD | cfg.knobs)
            model, steps = training.AllPairs(network), epochs * pairs.steps
            rate = schedules.CosineDecay(0.0, steps, warmup_target=cfg.lr, warmup_steps=steps // 20)
            metrics = [training.one_shot, training.verification]
            model.compile(AdamW(rate, weight_decay=0.05), loss=training.PairLoss(), metrics=metrics)
    run.open(network, pairs)
    model.fit(
        pairs.train,
        shuffle=False,
        steps_per_epoch=pairs.steps,
        epochs=epochs,
        validation_data=pairs.validation,
        callbacks=run.callbacks(),
        verbose=run.verbose,
    )
    training.report_verifier(run, pairs, cfg.runs, how, 0 if cfg.paper else cfg.copies)


if __name__ == "__main__":
    training.start(main, CONFIG, SMOKE)
