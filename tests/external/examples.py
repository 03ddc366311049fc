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
    return [f"{where}: {error.message}" for error in validator.iter_errors(form["example"])]


forms = []
for path, item in document["paths"].items():
    for method, operation in item.items():
        bodies = {"request": operation.get("requestBody", {}), **operation["responses"]}
        for name, body in bodies.items():
            for form in body.get("content", {}).values():
                if "example" in form:
                    forms.append((f"{method.upper()} {path} {name}", form))
wrong = [line for where, form in forms for line in misfits(where, form)]
print(len(forms))
print("\n".join(wrong), file=sys.stderr)
sys.exit(bool(wrong))
