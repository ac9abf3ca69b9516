"""Train the convolutional autoencoder of the lectures to say an image with 49 numbers.

    python recipes/autoencoder.py                          8x8 digits, nothing to download
    python recipes/autoencoder.py --data mnist             a set of TensorFlow Datasets, or a folder of images
    python recipes/autoencoder.py --noise 0.3              clean images from noisy ones
    python recipes/autoencoder.py --knob latent=16 --knob upsample=resize

--epochs 0 trains for 10 epochs, but at least for 2,000 steps; --noise is a standard deviation, white being 1.
--moved yes shrinks, turns and shifts every image at random; auto does so to digits alone, which 64 numbers tell
completely as they are, so that PCA hardly errs with 49.
"""

import kerascnn
from kerascnn import training
from kerascnn.errors import one_of

CONFIG = {"data": "digits", "noise": 0.0, "moved": "auto", "size": 0, "limit": 0}
CONFIG |= {"epochs": 0, "batch": 64, "lr": 2e-3}
SMOKE = {"epochs": 1, "batch": 8, "limit": 64}


def main(cfg):
    from keras.optimizers import Adam, schedules

    one_of("moved", cfg.moved, ("auto", "yes", "no"))
    run = training.Run(cfg, score=training.by_error)
    shape = training.input_shape(kerascnn.info("autoencoder"), kerascnn.data.native_shape(cfg.data), cfg.size)
    pipeline = dict(batch=cfg.batch, scaling="unit", seed=cfg.seed, replicas=run.replicas)
    images = kerascnn.data.load(cfg.data, shape, limit=cfg.limit or None, **pipeline)
    moved = cfg.moved == "yes" or (cfg.moved == "auto" and cfg.data == "digits")
    pairs = training.to_reconstruct(images, cfg.noise, cfg.seed, training.MOVED if moved else None)
    epochs = cfg.epochs or max(10, -(-2000 // pairs.steps))
    with run.strategy.scope():
        model = kerascnn.build("autoencoder", input_shape=shape, **cfg.knobs)
        model.compile(Adam(schedules.CosineDecay(cfg.lr, epochs * pairs.steps)), loss="mean_squared_error")
    run.open(model, pairs)
    model.fit(
        pairs.train,
        shuffle=False,
        steps_per_epoch=pairs.steps,
        epochs=epochs,
        validation_data=pairs.validation,
        callbacks=run.callbacks(),
        verbose=run.verbose,
    )
    training.report_autoencoder(run, images, pairs)


if __name__ == "__main__":
    training.start(main, CONFIG, SMOKE)
