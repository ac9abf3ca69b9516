"""LeNet-5 learns handwritten digits: the first page. Nothing to download; recipes/classify.py does far more.

    python recipes/lenet.py

LeCun et al. 1998, "Gradient-Based Learning Applied to Document Recognition".
"""

import keras

import kerascnn

EPOCHS = 20
keras.utils.set_random_seed(0)

digits = kerascnn.data.load("digits", image_shape=(32, 32, 1), batch=32)  # 8x8 pixels, enlarged

network = kerascnn.build("lenet5", classes=10)
rate = keras.optimizers.schedules.CosineDecay(0.05, EPOCHS * digits.steps)
optimizer = keras.optimizers.SGD(rate, momentum=0.9)
network.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])

network.fit(digits.train, steps_per_epoch=digits.steps, epochs=EPOCHS, shuffle=False, verbose=2)
_, accuracy = network.evaluate(digits.validation, verbose=0)
print(f"accuracy on {digits.validation_size} images that it has not trained on: {accuracy:.2%}")
