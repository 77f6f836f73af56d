"""The requests of the vendor's page, comments removed and a bare `to` made a list."""

import json
from typing import Any

SENDER, RECIPIENT = "8613800138000", "8613800138001"


def _simple(body: dict[str, Any], to: str = RECIPIENT) -> dict[str, Any]:
    return {"from": SENDER, "to": [to], "body": body}


EXAMPLES: dict[str, dict[str, Any]] = {
    "code template": {
        "from": "+8613800138000",
        "to": ["00447911123456"],
        "body": {
            "type": "template",
            "template": {
                "name": "code",
                "language": "zh_CN",
                "components": [{"type": "body", "parameters": [{"type": "text", "text": "12345"}]}],
            },
        },
        "request_id": "123asdbbqwe9faweg",
        "custom_args": {"arg1": "string val", "arg2": 123},
    },
    "text": _simple({"type": "text", "text": {"body": "your-text-message-content"}}, SENDER),
    "image": _simple(
        {
            "type": "image",
            "image": {
                "link": "https://img.jiguang.cn/jiguang/public/img/c866bd2.png",
                "caption": "caption info",
            },
        },
        SENDER,
    ),
    "video": _simple(
        {
            "type": "video",
            "video": {
                "link": "https://img.jiguang.cn/jiguang/public/videos/432acc5.mp4",
                "caption": "caption info",
            },
        }
    ),
    "audio": _simple(
        {
            "type": "audio",
            "audio": {
                "link": "https://file-examples.com/storage/fe5947fd2362fc197a3c2df/2017/11/"
                "file_example_MP3_700KB.mp3"
            },
        }
    ),
    "document": _simple(
        {
            "type": "document",
            "document": {
                "link": "https://img.jiguang.cn/jiguang/public/videos/432acc5.mp4",
                "caption": "caption info",
                "filename": "document file name",
            },
        }
    ),
    "sticker": _simple(
        {
            "type": "sticker",
            "sticker": {
                "link": "http://sample-file.bazadanni.com/download/images/webp/sample.webp",
            },
        }
    ),
    "full template": {
        "from": "+8613800138000",
        "to": ["00447911123456"],
        "body": {
            "type": "template",
            "template": {
                "name": "your-template-name",
                "language": "zh_CN",
                "components": [
                    {
                        "type": "header",
                        "parameters": [
                            {
                                "type": "document",
                                "document": {
                                    "link": "http(s)://the-url",
                                    "filename": "your-document-filename",
                                },
                            }
                        ],
                    },
                    {
                        "type": "body",
                        "parameters": [
                            {"type": "text", "text": "your-text-string"},
                            {
                                "type": "currency",
                                "currency": {
                                    "fallback_value": "$100.99",
                                    "code": "USD",
                                    "amount_1000": 100990,
                                },
                            },
                            {
                                "type": "date_time",
                                "date_time": {
                                    "fallback_value": "February 25, 1977",
                                    "day_of_week": 5,
                                    "day_of_month": 25,
                                    "year": 1977,
                                    "month": 2,
                                    "hour": 15,
                                    "minute": 33,
                                },
                            },
                            {
                                "type": "date_time",
                                "date_time": {
                                    "fallback_value": "February 25, 1977",
                                    "timestamp": 1485470276,
                                },
                            },
                        ],
                    },
                ],
            },
        },
    },
}


def as_json(name: str) -> bytes:
    return json.dumps(EXAMPLES[name]).encode()
