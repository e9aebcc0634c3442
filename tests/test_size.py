"""House rule 9: files, functions, folders and imports stay small (exemptions: decision 37)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("deploy", "enrollment", "signing", "staff", "outbox", "ledger", "vault", "cards", "tests")
LONGEST_FILE, USUAL_FILE, USUAL_SHARE = 400, 250, 0.9
LONGEST_FUNCTION = 60
FILES_IN_A_FOLDER = 25
Function = ast.FunctionDef | ast.AsyncFunctionDef


def is_exempt(path: Path) -> bool:
    return path.name == "apps.py" or "migrations" in path.parts


def sources(root: Path) -> list[Path]:
    found = [path for room in ROOMS for path in sorted((root / room).rglob("*.py"))]
    return [path for path in found if not is_exempt(path.relative_to(root))]


def functions(tree: ast.Module) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def own_nodes(function: Function) -> Iterator[ast.AST]:
    waiting: list[ast.AST] = list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(ast.iter_child_nodes(node))


def length(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def too_long_files(root: Path) -> list[str]:
    return [
        f"{path.relative_to(root)}: {length(path)} lines"
        for path in sources(root)
        if length(path) > LONGEST_FILE
    ]


def share_of_usual_files(root: Path) -> float:
    files = sources(root)
    return sum(length(path) <= USUAL_FILE for path in files) / len(files)


def too_long_functions(root: Path) -> list[str]:
    found = []
    for path in sources(root):
        for function in functions(ast.parse(path.read_text(encoding="utf-8"))):
            size = (function.end_lineno or function.lineno) - function.lineno + 1
            if size > LONGEST_FUNCTION:
                found.append(f"{path.relative_to(root)}:{function.lineno} {function.name}: {size} lines")
    return found


def imports_inside_functions(root: Path) -> list[str]:
    found = []
    for path in sources(root):
        for function in functions(ast.parse(path.read_text(encoding="utf-8"))):
            if any(isinstance(node, ast.Import | ast.ImportFrom) for node in own_nodes(function)):
                found.append(f"{path.relative_to(root)}:{function.lineno} {function.name}")
    return found


def full_folders(root: Path) -> list[str]:
    folders: dict[Path, int] = {}
    for path in sources(root):
        folders[path.parent] = folders.get(path.parent, 0) + (path.name != "__init__.py")
    return [
        f"{folder.relative_to(root)}: {count} files"
        for folder, count in folders.items()
        if count > FILES_IN_A_FOLDER
    ]


RULES = {
    "files": too_long_files,
    "functions": too_long_functions,
    "imports": imports_inside_functions,
    "folders": full_folders,
}


@pytest.mark.parametrize("rule", RULES)
def test_the_house_keeps_its_size(rule: str) -> None:
    assert RULES[rule](ROOT) == []


def test_nine_files_of_ten_are_short() -> None:
    assert share_of_usual_files(ROOT) >= USUAL_SHARE


@pytest.mark.parametrize(
    ("rule", "name", "text"),
    [
        ("files", "signing/long.py", "x = 1\n" * (LONGEST_FILE + 1)),
        ("functions", "signing/long.py", "def f():\n" + "    x = 1\n" * LONGEST_FUNCTION),
        (
            "functions",
            "signing/long.py",
            "class C:\n    async def f(self):\n" + "        x = 1\n" * LONGEST_FUNCTION,
        ),
        ("imports", "signing/late.py", "def f():\n    if True:\n        import os\n"),
        ("imports", "signing/late.py", "def f():\n    def g():\n        from os import path\n"),
    ],
)
def test_each_size_rule_bites(rule: str, name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "signing").mkdir()
    (tmp_path / name).write_text(text)
    assert len(RULES[rule](tmp_path)) >= 1
    assert [other for other in RULES if other != rule and RULES[other](tmp_path)] == []


def test_a_folder_of_too_many_files_bites(tmp_path: Path) -> None:
    (tmp_path / "signing").mkdir()
    for number in range(FILES_IN_A_FOLDER + 1):
        (tmp_path / "signing" / f"part{number}.py").write_text("")
    assert full_folders(tmp_path) == [f"signing: {FILES_IN_A_FOLDER + 1} files"]


@pytest.mark.parametrize("name", ["signing/apps.py", "signing/migrations/0001_initial.py"])
def test_apps_and_migrations_are_exempt(name: str, tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text("def f():\n    import os\n" + "x = 1\n" * LONGEST_FILE)
    assert [rule for rule in RULES if RULES[rule](tmp_path)] == []
