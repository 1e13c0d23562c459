"""Tests of the explanation part, without compiling shap's functions, which takes seconds."""

import os

os.environ["NUMBA_DISABLE_JIT"] = "1"
