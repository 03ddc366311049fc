"""Verifies deliveries with the Standard Webhooks library: `webhook_receiver.py SECRET...`.

Reads one delivery a line, as JSON {"headers": {...}, "body": "..."}, and answers each with a line: the
type of the event, or `refused` and why. A delivery must verify with every secret.
"""

import json
import sys

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

webhooks = [Webhook(secret) for secret in sys.argv[1:]]
for line in sys.stdin:
    delivery = json.loads(line)
    try:
        for webhook in webhooks:
            event = webhook.verify(delivery["body"], delivery["headers"])
        print(event["type"], flush=True)
    except WebhookVerificationError as error:
        print("refused:", error, flush=True)
