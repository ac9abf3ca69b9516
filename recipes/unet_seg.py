"""Train a U-Net to say of every pixel what it belongs to.

    python recipes/unet_seg.py                             drawn blood smears: which red cells are infected?
    python recipes/unet_seg.py --binary                    cell or not
    python recipes/unet_seg.py --data digits --epochs 8 --lr 8e-3     digits on textures, ten classes
    python recipes/unet_seg.py --data path/to/folder       folders images and masks in it, files of the same names
    python recipes/unet_seg.py --data oxford_iiit_pet      pets of TensorFlow Datasets
    python recipes/unet_seg.py --knob backbone=mobilenet_v2 --knob n_filters=8

Images that all have the same size, larger than --size, are cut into tiles of --size, others are resized. --weight-map
keeps touching cells apart; --tta judges by the average of eight answers; --names names the classes. --ignore 255:
pixels of this value are void, of no class; they count nowhere.

Mean Dice: smears, five classes, 0.968, 0.968 and 0.971 (seeds 0 to 2) on 100 held-out ones, in 107 s on two CPU cores;
digits, eleven classes, 0.939 (seed 0) on 400 held-out scenes, in 322 s of CPU time. ISBI 2012, trained on slices 00 to
19, judged on 20 to 24 with --names membrane,cell --warp microscopy --tta --batch 2 --lr 1e-3 --epochs 50: Dice of cells
0.952, of membranes 0.814, pixel error 7.6 % (Otsu's threshold: 31.3 %), trained in 22 min on one CPU core. In all three
the images that judge also chose the epoch. Dice is 2 |A and B| / (|A| + |B|) over the pixels of all images.
"""

import kerascnn
from kerascnn import training

CONFIG = {"data": "blood_smears", "names": "", "binary": False, "ignore": -1, "held_out": "", "size": 0, "limit": 0}
CONFIG |= {"epochs": 0, "batch": 4, "lr": 4e-3, "warp": "slight", "weight_map": False, "tta": False}
SMOKE = {"epochs": 1, "batch": 4, "limit": 16, "size": 32}
HELP = {
    "data": "blood_smears or digits, which need no download; oxford_iiit_pet; or a folder of images and masks",
    "epochs": "passes over the training images; 0 means 4, but at least 600 steps",
    "held_out": 'names of the files in a folder that validate, like "2?,30"; the last fifth unless given',
    "size": "height and width of the tiles, or of the images where they are resized; 0 means their own, at most 192",
}


def main(cfg):
    from keras.optimizers import AdamW

    cfg.knobs = {"dropout": 0.0, **cfg.knobs}
    run = training.Run(cfg, score=training.by_iou)
    shape = training.tile_shape(kerascnn.data.native_mask_shape(cfg.data), cfg.size)
    weights = kerascnn.data.weight_map if cfg.weight_map else None
    which = dict(held_out=cfg.held_out, classes=cfg.names.split(",") if cfg.names else (), binary=cfg.binary)
    which["ignore"] = cfg.ignore if cfg.ignore != -1 else None
    pipeline = dict(batch=cfg.batch, **run.pipeline_args, how=kerascnn.data.WARPS[cfg.warp])
    masks = kerascnn.data.load_masks(cfg.data, shape, limit=cfg.limit or None, weights=weights, **which, **pipeline)
    outputs = len(masks.classes) if len(masks.classes) > 2 else 1
    cfg.epochs = cfg.epochs or max(4, -(-600 // masks.steps))
    with run.strategy.scope():
        model = kerascnn.build("unet", input_shape=shape, classes=outputs, **cfg.knobs)
        steps = cfg.epochs * masks.steps
        rate = training.warmup_cosine(cfg.lr, steps, warmup=steps // 20)
        model.compile(AdamW(rate), training.CrossEntropyDice(), metrics=[training.mean_iou(outputs)])
    run.open(model, masks)
    model.fit(masks.train, validation_data=masks.validation, epochs=cfg.epochs, **run.fit_args())
    training.report_segmenter(run, masks, cfg.tta)


if __name__ == "__main__":
    training.start(main, CONFIG, SMOKE, help=HELP)
