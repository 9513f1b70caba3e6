"""Metadata and dependencies of sklearn_seqattn."""

from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = (HERE / "sklearn_seqattn" / "_version.py").read_text().split('"')[-2]

EXTRAS = {
    "bench": ["keras>=3.10", "onnx>=1.18", "onnxruntime>=1.22", "tensorflow-cpu>=2.20"],
    "docs": [
        "matplotlib>=3.10",
        "myst-parser>=5.0",
        "numpydoc>=1.11",
        "pydata-sphinx-theme>=0.24",
        "safetensors>=0.6.1",
        "skops>=0.13",
        "sphinx>=9.0",
        "sphinx-copybutton>=0.5.2",
        "sphinx-design>=0.8",
        "sphinx-gallery>=0.22",
    ],
    "mlflow": ["mlflow-skinny>=3.17"],
    "oldest": [  # what .ci/run needs in the environment of the oldest versions
        "cloudpickle>=3.1",
        "hypothesis>=6.150",
        "polars>=2.1",
        "pyarrow>=26.0",
        "pytest>=9.0",
        "pytest-xdist>=3.8",
        "safetensors>=0.6.1",
        "skops>=0.13",
    ],
    "onnx": ["onnx>=1.18", "onnxruntime>=1.22"],
    "optuna": ["optuna>=5.0"],
    "persistence": ["safetensors>=0.6.1", "skops>=0.13"],
    "plot": ["matplotlib>=3.10"],
    "rich": ["rich>=14.0"],
    "serve": ["fastapi>=0.165", "httpx>=0.28", "uvicorn>=0.54"],
    "tensorboard": ["tensorboard>=2.20"],
    "test": [
        "build>=1.6",
        "cloudpickle>=3.1",
        "codespell>=2.4",
        "fastapi>=0.165",
        "httpx>=0.28",
        "hypothesis>=6.150",
        "matplotlib>=3.10",
        "mlflow-skinny>=3.17",
        "mypy>=2.4",
        "numpydoc>=1.11",
        "onnx>=1.18",
        "onnxruntime>=1.22",
        "optuna>=5.0",
        "polars>=2.1",
        "pyarrow>=26.0",
        "pytest>=9.0",
        "pytest-xdist>=3.8",
        "rich>=14.0",
        "ruff>=0.17",
        "safetensors>=0.6.1",
        "skops>=0.13",
        "tensorboard>=2.20",
        "twine>=7.0",
        "uvicorn>=0.54",
    ],
}

setup(
    name="sklearn_seqattn",
    version=VERSION,
    description="scikit-learn estimators for sequences: LSTM networks with attention",
    long_description=(HERE / "README.md").read_text(),
    long_description_content_type="text/markdown",
    author="The contributors of sklearn_seqattn",
    license="BSD-3-Clause",
    keywords="attention LSTM scikit-learn sequences time-series PyTorch skorch",
    packages=find_packages(include=["sklearn_seqattn", "sklearn_seqattn.*"]),
    package_data={"sklearn_seqattn": ["py.typed", "*.pyi"]},
    python_requires=">=3.11",
    install_requires=[
        "narwhals>=2.0",
        "numpy>=2.0",
        "pandas>=2.2.2",
        "scikit-learn>=1.7",
        "skorch>=1.2",
        "torch>=2.13",  # needs torch.accelerator (2.6); 2.13 is the oldest tested
        "tqdm>=4.60",
    ],
    extras_require=EXTRAS,
    classifiers=[
        "Development Status :: 4 - Beta",
        "Intended Audience :: Developers",
        "Intended Audience :: Science/Research",
        "Operating System :: OS Independent",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3 :: Only",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Typing :: Typed",
    ],
)
