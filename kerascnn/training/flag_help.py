"""What `--help` says of each flag, and of each name that a flag takes; a recipe's own HELP wins over it."""

HELP = {
    "accumulate": "number of parts in which a batch is computed, one after the other, to save memory",
    "augment": "augmentation of the training images, also with other amounts like cifar,mixup=0.2",
    "auxiliary": "weights of the losses of the network's auxiliary heads",
    "batch": "images in a step",
    "batch_norm": "statistics of batch normalization on several devices",
    "binary": "two classes: object and background",
    "budget": "a time like 20m within which training ends, in place of --epochs; with --resume another one counts from "
    "now",
    "checkpoint_every": "how often the run can be resumed from: epoch, a number of steps, or a time like 30s or 5m",
    "class_weight": "weights of the classes in the loss, like cat=2,dog=0.5; or balanced: all classes weigh the same",
    "clip_norm": "largest norm of the gradient; 0 means no limit",
    "config": "repeats a run: takes the flags of a run folder, or of its config.json; other flags given win over them",
    "copies": "an embedding is the mean over the image and so many distorted copies",
    "cycles": "number of cycles of the schedule restarts, each twice as long as the one before",
    "data": "digits or letters, which need no download; a set of TensorFlow Datasets; or a folder with one sub-folder "
    "a class",
    "decays": "the weights that decay",
    "depths": "numbers of layers of the networks",
    "ema": "momentum of a moving average of the weights, which is validated and saved; 0 means none",
    "epochs": "passes over the training images",
    "epsilon": "constant in the denominator of rmsprop, adam and adamw",
    "every": "length after which exponential and staircase multiply by --factor, and for which plateau waits",
    "factor": "factor of the schedules step, plateau, exponential and staircase",
    "family": "networks to search; or any network, with choices for its knobs as --knob NAME=A,B",
    "goal": "what the search looks for",
    "held_out": "share of the training images that validates, in place of the set's own images for it; 0 means none",
    "help": "shows this",
    "ignore": "value of void in the masks: such pixels count nowhere; -1 means none",
    "initializer": "initial weights, the network's own unless given",
    "knob": "argument of the network, like alpha=0.25 or repeats=2,2,2; once for each, `kerascnn info` names them",
    "label_smoothing": "share of each label that is spread over all classes",
    "labels": "a CSV file with rows of file,label for images anywhere in the folder; or of file,labels, with ; "
    "between several",
    "limit": "largest number of images to train with, and to validate with; 0 means all",
    "lr": "learning rate, the highest of the schedule",
    "max_latency": "largest time for one image on this machine, like 5ms",
    "max_macs": "largest number of multiply-accumulates for one image, like 20M",
    "max_memory": "largest size of the activations for one image, like 64MB",
    "max_params": "largest number of parameters, like 300k",
    "max_pixels": "images of more pixels are refused; 0 allows all",
    "milestones": "where the schedule step multiplies by --factor",
    "mixed_precision": "computes in 16 bits, on a GPU",
    "model": "name of a network",
    "momentum": "momentum of sgd and rmsprop",
    "names": "names of the classes in the order of the masks' numbers, with commas",
    "noise": "standard deviation of the noise in the input; white is 1",
    "optimizer": "what turns gradients into steps",
    "out": "run folder; saved_models/MODEL-DATA unless given",
    "overwrite": "replaces the run in the run folder",
    "patience": "early stopping: epochs without a higher validation accuracy; 0 means never",
    "preset": "training procedure of a paper, in place of the defaults, but not of other flags given",
    "proxy": "what ranks networks before they train, for as long as it agrees with the results; it takes seconds for "
    "each of dozens, so it pays where trainings are long",
    "resume": "continues the run in --out, with its flags, from its last checkpoint, or starts it if there is none; "
    "another --epochs or --budget makes it longer or shorter",
    "rho": "decay of the mean square of rmsprop",
    "runs": "file of Omniglot's official one-shot runs, to test on them too",
    "scale_lr": "multiplies --lr by --batch over the batch of the preset",
    "schedule": "course of the learning rate",
    "seed": "seed of all random numbers",
    "size": "height and width of the images; 0 means what suits network and data",
    "smoke": "trains on a few images for a moment, to test the wiring",
    "strategy": "what chooses the networks to try",
    "test_crops": "10: also reports the accuracy over ten crops of each image",
    "trials": "number of networks to try; 0 means as many as there is time for",
    "tta": "test-time augmentation: averages the answers to all rotations by right angles and reflections",
    "unit": "unit of --warmup, --milestones and --every",
    "unseen_classes": "share of the classes to hold out; 0 means the recipe's own share",
    "warmup": "length of the linear rise to --lr",
    "warp": "distortion of the training images and their masks",
    "weight_decay": "weight decay, in the gradient; for adamw in the update",
    "weight_map": "weights pixels between touching objects, to keep them apart",
    "winner_epochs": "epochs of the winner; 0 means as many as there is time for",
    "workers": "number of processes that search at the same time on this machine",
}

# The names that a flag takes, and what each does. Those of presets, augmentations, distortions and procedures stand
# beside them; see `main.start`.
CHOICES = {
    "batch_norm": {
        "averaged": "each device has its own; before each validation they are averaged",
        "synchronized": "one for all devices, in every step",
    },
    "family": {
        "vgg": "plain convolutions; what digits get unless told otherwise",
        "resnet": "residual, bottleneck or squeeze-and-excitation blocks",
        "mobilenet": "separable convolutions",
        "mixed": "a kind of block for each stage; what other images get unless told otherwise",
    },
    "goal": {
        "accuracy": "the best accuracy within the limits",
        "pareto-macs": "the best accuracy for each number of multiply-accumulates",
        "pareto-params": "the best accuracy for each number of parameters",
    },
    "proxy": {
        "naswot": "how differently untrained networks respond to different images (Mellor et al. 2021)",
        "early_loss": "the loss after 60 steps",
    },
    "strategy": {
        "evolution": "changes the best networks; trains many for few epochs and the best ones longer",
        "random": "draws each network anew",
        "bayesian": "a Gaussian process says where to look next (keras-tuner)",
        "hyperband": "trains many for few epochs and halves them again and again (keras-tuner)",
    },
}
OPEN = ("family", "model")  # take other names, too

METAVARS = {
    "budget": "TIME",
    "checkpoint_every": "TIME",
    "config": "RUN",
    "held_out": "NAMES",
    "max_latency": "TIME",
    "max_macs": "COUNT",
    "max_memory": "SIZE",
    "max_params": "COUNT",
    "names": "A,B",
    "out": "DIR",
    "runs": "FILE",
}  # of flags that take text; of the others by their type
TYPES = {int: "N", float: "X", tuple: "A,B", str: "NAME"}
