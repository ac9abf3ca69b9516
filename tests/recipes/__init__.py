"""Recipes are tested from their command line, as a user runs them."""

import os
import subprocess
import sys
from pathlib import Path

RECIPES = Path(__file__).parents[2] / "recipes"
ENVIRONMENT = {**os.environ, "COLUMNS": "80"}


def run(recipe: str, *words, cwd: Path) -> subprocess.CompletedProcess:
    """Run a recipe to its end, with these words on its command line."""
    return subprocess.run(
        command(recipe, *words), cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, timeout=900
    )


def command(recipe: str, *words) -> list[str]:
    return [sys.executable, str(RECIPES / recipe), *map(str, words)]
