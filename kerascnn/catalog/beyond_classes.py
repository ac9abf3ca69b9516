"""Networks that do not classify: autoencoder, U-Net, Siamese network."""

from .entry import Card, Paper

# ---------------------------------------------------------------------------- Autoencoder, U-Net and Siamese network

AUTOENCODER = Paper(
    "Stacked Convolutional Auto-Encoders for Hierarchical Feature Extraction",
    "Masci, Meier, Cireşan, Schmidhuber",
    2011,
    "doi:10.1007/978-3-642-21735-7_7",
)
UNET = Paper(
    "U-Net: Convolutional Networks for Biomedical Image Segmentation",
    "Ronneberger, Fischer, Brox",
    2015,
    "arXiv:1505.04597",
)
SIAMESE = Paper(
    "Siamese Neural Networks for One-shot Image Recognition",
    "Koch, Zemel, Salakhutdinov",
    2015,
    "https://www.cs.cmu.edu/~rsalakhu/papers/oneshot1.pdf",
)
CARDS = [
    Card(
        "autoencoder", "autoencoder", AUTOENCODER, "the network that lectures draw", (28, 28, 1), 1,
        140_594, 140_850, 24_715_008,
        same_as="the lecture's table, worked out by hand",
        departs="the whole network: the lecture's is trained in one piece and goes through 49 numbers, the paper's "
        "layer by layer",
        scaling="unit", min_size=20, task="reconstruct",
    ),
    Card(
        "unet", "unet", UNET, "Figure 1, as lectures draw it", (128, 128, 1), 1, 2_161_361, 2_164_305, 795_344_896,
        same_as="the lecture's table, worked out by hand",
        departs="a quarter of the width, padding, batch normalization, dropout, 3x3 transposed convolutions "
        "instead of 2x2; unet_original is the paper's",
        scaling="unit", min_size=16, task="segment",
    ),
    Card(
        "unet_original", "unet_original", UNET, "Figure 1", (572, 572, 1), 2, 31_030_658, 31_030_658, 150_428_424_448,
        published={"output": "388x388 of 572x572 (Figure 1)"},
        scaling="unit", min_size=188, task="segment",
    ),
    Card(
        "siamese", "siamese", SIAMESE, "Figure 4", (105, 105, 1), 1, 38_951_745, 38_951_745, 1_817_251_840,
        published={"accuracy": "92.0 % of 20-way one-shot trials on Omniglot (Table 2)"},
        scaling="unit", min_size=65, task="verify",
    ),
]  # fmt: skip
