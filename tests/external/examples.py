"""Every example of an OpenAPI document against its schema: examples.py openapi.json

Prints how many there are; what does not fit its schema, and ends with 1, where one does not.
"""

import json
import sys

import jsonschema_rs

with open(sys.argv[1], encoding="utf-8") as file:
    document = json.load(file)


def misfits(where, form):
    """What is wrong with the example of a body."""
    schema = {**form["schema"], "components": document["components"]}
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    told = [form["example"]] if "example" in form else []
    told += [named["value"] for named in form.get("examples", {}).values()]
    return [f"{where}: {error.message}" for one in told for error in validator.iter_errors(one)]


forms = []
for path, item in document["paths"].items():
    for method, operation in item.items():
        shared = document["components"]["responses"]
        answers = {
            status: shared[answer["$ref"].rsplit("/", 1)[1]] if "$ref" in answer else answer
            for status, answer in operation["responses"].items()
        }
        bodies = {"request": operation.get("requestBody", {}), **answers}
        for name, body in bodies.items():
            for form in body.get("content", {}).values():
                if "example" in form or "examples" in form:
                    forms.append((f"{method.upper()} {path} {name}", form))
wrong = [line for where, form in forms for line in misfits(where, form)]
print(len(forms))
print("\n".join(wrong), file=sys.stderr)
sys.exit(bool(wrong))
