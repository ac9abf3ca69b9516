"""How good the answers to several labels are, in numbers; and the report of a run."""

import json

import keras
import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score, precision_score, recall_score

from kerascnn.training.tasks.multi_label import measure, pr_auc, warnings

CLASSES = ("cat", "dog", "sky", "sun")


@pytest.fixture
def answers():
    rng = np.random.default_rng(0)
    truth = (rng.uniform(size=(200, 4)) < [0.1, 0.3, 0.5, 0.8]).astype(np.float32)
    return truth, np.clip(0.4 * truth + rng.uniform(0, 0.6, (200, 4)), 0, 1).astype(np.float32)


def test_scikit_learn_says_the_same(answers):
    truth, said = answers
    found, yes = measure(*answers, CLASSES), answers[1] >= 0.5
    assert found["mean_average_precision"] == pytest.approx(average_precision_score(truth, said, average="macro"))
    assert found["micro_f1"] == pytest.approx(f1_score(truth, yes, average="micro"))
    assert found["macro_f1"] == pytest.approx(f1_score(truth, yes, average="macro"))
    assert found["chance"] == pytest.approx(truth.mean())
    assert found["label_accuracy"] == pytest.approx((truth == yes).mean())
    assert found["exact"] == pytest.approx((truth == yes).all(1).mean())
    shares = truth.mean(0)
    assert found["majority_accuracy"] == pytest.approx(np.mean(np.maximum(shares, 1 - shares)))
    for i, row in enumerate(found["classes"]):
        assert (row["class"], row["images"]) == (CLASSES[i], truth[:, i].sum())
        assert row["precision"] == pytest.approx(precision_score(truth[:, i], yes[:, i]))
        assert row["recall"] == pytest.approx(recall_score(truth[:, i], yes[:, i]))
        assert row["f1"] == pytest.approx(f1_score(truth[:, i], yes[:, i]))
        assert row["average_precision"] == pytest.approx(average_precision_score(truth[:, i], said[:, i]))
    json.dumps(found)
    assert not warnings(found)


def test_labels_that_no_image_has_are_left_out_of_the_mean(answers):
    truth, said = answers
    truth[:, 2] = 0
    found, others = measure(truth, said, CLASSES), [0, 1, 3]
    expected = average_precision_score(truth[:, others], said[:, others], average="macro")
    assert found["mean_average_precision"] == pytest.approx(expected)
    assert found["chance"] == pytest.approx(truth[:, others].mean())
    assert found["classes"][2]["average_precision"] is None


def test_no_labels_at_all_and_a_single_image(answers):
    found = measure(np.zeros((3, 4)), answers[1][:3], CLASSES)
    assert (found["mean_average_precision"], found["chance"]) == (0, 0)
    found = measure(np.ones((1, 4)), np.ones((1, 4)), CLASSES)
    assert (found["mean_average_precision"], found["exact"], found["constant_answer"]) == (1, 1, None)


@pytest.mark.parametrize(("said", "same"), [((0.1, 0.9, 0.2, 0.9), "dog, sun"), ((0, 0, 0, 0), "no label")])
def test_warnings(answers, said, same):
    found = warnings(measure(answers[0], np.tile(said, (200, 1)), CLASSES))
    assert found == [f"gives the same answer for every image: {same}", "no better than answers by chance"]


def test_what_is_shown_while_training_is_close_to_the_average_precision(answers):
    metric = pr_auc(4)
    for part in np.split(np.arange(200), 8):
        metric.update_state(*(keras.ops.convert_to_tensor(some[part]) for some in answers))
    assert float(metric.result()) == pytest.approx(measure(*answers, CLASSES)["mean_average_precision"], abs=0.01)
