"""The media types of files served over HTTP, by their endings."""

JSON = "application/json"
MEDIA_TYPES = {
    ".parquet": "application/vnd.apache.parquet",
    ".json": JSON,
    ".js": "text/javascript",
    ".css": "text/css",
    ".pdf": "application/pdf",
    ".html": "text/html",
    ".svg": "image/svg+xml",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
