# SPDX-License-Identifier: Apache-2.0
"""Are objects what an API server of a given version would decode: no field that it does not know, none
missing that it requires, and values of the right types? By the TypeScript declarations that npm packages
generate from Kubernetes' OpenAPI documents and from the CRDs of operators; of that language this reads
interfaces, type aliases and imports."""
import re
from pathlib import Path

TOKEN = re.compile(r'\s*(?:(/\*.*?\*/|//[^\n]*)|("(?:[^"\\]|\\.)*")|([A-Za-z_$][\w$.]*)|(.))', re.S)


def tokens(text):
    return [m.group(2) or m.group(3) or m.group(4) for m in TOKEN.finditer(text)
            if not m.group(1) and (m.group(0).strip())]


class File:
    """A declaration file: its names, as types or as (file, name) of an import. A type is a tuple:
    ("name", n), ("literal", text), ("array", t), ("union", [t]), ("map", t), ("object", {key: (optional, t)}, [name that it extends])."""

    def __init__(self, path):
        self.path, self.names = path, {}
        self.words, self.at = tokens(path.read_text(encoding="utf-8")), 0
        while self.at < len(self.words):
            self.statement()

    def peek(self):
        return self.words[self.at]

    def take(self, wanted=None):
        word = self.words[self.at]
        assert wanted in (None, word), f"{self.path}: {word} instead of {wanted}"
        self.at += 1
        return word

    def skip(self):
        """To the end of a statement that declares no type."""
        depth = 0
        while self.at < len(self.words):
            word = self.take()
            depth += (word in "{(") - (word in "})")
            if depth == 0 and word in ";}":
                return

    def statement(self):
        word = self.take()
        if word == "import" and self.peek() == "{":
            names = self.renamed()
            self.take("from")
            target = self.take().strip('"')
            self.names.update({new: ("import", target, old) for old, new in names})
        elif word == "export" and self.peek() == "interface":
            self.take()
            name = self.take()
            bases = []
            while self.peek() != "{":
                word = self.take()
                # TypeMeta is apiVersion and kind, which each kind has itself.
                bases += [word] if word not in ("extends", ",", "TypeMeta") else []
            self.names[name] = (*self.object(), bases)
        elif word == "export" and self.words[self.at:self.at + 2] == ["type", "{"]:
            self.take()
            self.names.update({new: ("name", old) for old, new in self.renamed()})
        elif word == "export" and self.peek() == "type":
            self.take()
            name = self.take()
            self.take("=")
            self.names[name] = self.type()
        elif word != ";":
            self.skip()

    def renamed(self):
        self.take("{")
        names = []
        while self.peek() != "}":
            old = new = self.take()
            if self.peek() == "as":
                self.take()
                new = self.take()
            names.append((old, new))
            if self.peek() == ",":
                self.take()
        self.take("}")
        return names

    def type(self):
        if self.peek() == "|":
            self.take()
        options = [self.one()]
        while self.at < len(self.words) and self.peek() == "|":
            self.take()
            options.append(self.one())
        return options[0] if len(options) == 1 else ("union", options)

    def one(self):
        word = self.peek()
        if word == "{":
            result = self.object()
        elif word.startswith('"'):
            result = ("literal", self.take().strip('"'))
        else:
            result = ("name", self.take())
            if self.peek() == "<":
                self.take()
                assert result[1] == "Array", f"{self.path}: {result[1]}<>"
                result = ("array", self.type())
                self.take(">")
        while self.words[self.at:self.at + 2] == ["[", "]"]:
            self.at += 2
            result = ("array", result)
        return result

    def object(self):
        self.take("{")
        fields = {}
        while self.peek() != "}":
            if self.peek() == "[":
                while self.take() != "]":
                    pass
                self.take(":")
                fields = self.type()
            else:
                key = self.take().strip('"')
                if key == "readonly":
                    key = self.take().strip('"')
                optional = self.peek() == "?"
                if optional:
                    self.take()
                self.take(":")
                fields[key] = (optional, self.type())
            if self.peek() in ";,":
                self.take()
        self.take("}")
        return ("object", fields) if isinstance(fields, dict) else ("map", fields)


class Schema:
    """The types of one version of Kubernetes and of operators, from packages: directories with
    GROUP/VERSION.d.ts or GROUP/VERSION/KIND.d.ts."""

    files = {}

    def __init__(self, modules, *packages):
        self.modules = modules
        self.packages = [modules / package for package in packages]

    def file(self, path):
        if path not in self.files:
            self.files[path] = File(path)
        return self.files[path]

    def find(self, api, kind):
        group, _, version = api.rpartition("/")
        for package in self.packages:
            for path, name in ((package / (group.split(".")[0] or "core") / f"{version}.d.ts", kind),
                               (package / group / version / f"{kind}.d.ts", f"I{kind}")):
                if path.is_file() and name in self.file(path).names:
                    return self.file(path), ("name", name)
        return None, None

    def imported(self, file, target):
        base = file.path.parent / target if target.startswith(".") else self.modules / target
        base = re.sub(r"\.js$", "", str(base))
        return self.file(next(p for p in (Path(f"{base}.d.ts"), Path(base) / "index.d.ts") if p.is_file()))

    def errors(self, document):
        api, kind = document.get("apiVersion", ""), document.get("kind", "")
        file, wanted = self.find(api, kind)
        if not file:
            return [f"no such kind: {api} {kind}"]
        return self.check(file, wanted, document, kind)

    def check(self, file, wanted, value, where):
        what = wanted[0]
        if what == "name":
            return self.named(file, wanted[1], value, where)
        if what == "import":
            return self.named(self.imported(file, wanted[1]), wanted[2], value, where)
        if what == "union":
            found = [self.check(file, option, value, where) for option in wanted[1]]
            return min(found, key=len)
        if what == "literal":
            return [] if value == wanted[1] else [f"{where}: {value!r} is not {wanted[1]}"]
        if what == "array":
            if not isinstance(value, list):
                return [f"{where}: {value!r} is no list"]
            return [e for i, one in enumerate(value) for e in self.check(file, wanted[1], one, f"{where}[{i}]")]
        if not isinstance(value, dict):
            return [f"{where}: {value!r} is no object"]
        if what == "map":
            return [e for key, one in value.items() for e in self.check(file, wanted[1], one, f"{where}.{key}")]
        fields = self.fields(file, wanted)
        return ([f"{where}: no field {key} there" for key in value if key not in fields] +
                [f"{where}: {key} is missing" for key, (_, optional, _) in fields.items()
                 if not optional and key not in value] +
                [e for key, one in value.items() if key in fields
                 for e in self.check(fields[key][0], fields[key][2], one, f"{where}.{key}")])

    def fields(self, file, wanted):
        """{key: (file that has it, optional, type)} of an object and of what it extends."""
        found = {}
        for base in wanted[2] if len(wanted) > 2 else ():
            at, what = file, ("name", base)
            while what[0] != "object":
                at, what = (at, at.names[what[1]]) if what[0] == "name" else \
                    (self.imported(at, what[1]), ("name", what[2]))
            found.update(self.fields(at, what))
        return {**found, **{key: (file, *field) for key, field in wanted[1].items()}}

    def named(self, file, name, value, where):
        if name in ("any", "unknown") or name.endswith(("JSON", "RawExtension")):
            return []
        if name.endswith("Quantity"):  # written as a string, read as a number, too
            good = isinstance(value, (str, int)) and not isinstance(value, bool)
        elif name == "string":
            good = isinstance(value, str)
        elif name == "boolean":
            good = isinstance(value, bool)
        elif name == "number":
            good = isinstance(value, (int, float)) and not isinstance(value, bool)
        elif name == "null":
            good = value is None
        else:
            return self.check(file, file.names[name], value, where)
        return [] if good else [f"{where}: {value!r} is no {name}"]
