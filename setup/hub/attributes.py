"""Which files of a repository are large: the ``.gitattributes`` of a new repository."""

from fnmatch import fnmatchcase

LARGE = 10 * 1024 * 1024  # bytes; the Hub takes no larger file into git itself
FILE = ".gitattributes"
_RULE = "filter=lfs diff=lfs merge=lfs -text"

# File name endings that hold weights, arrays, archives, tables, pictures and sound.
_ENDINGS = [
    "7z", "arrow", "avro", "bin", "bz2", "ckpt", "ftz", "gguf", "gz", "h5", "joblib", "lz4",
    "mlmodel", "model", "msgpack", "npy", "npz", "onnx", "ot", "parquet", "pb", "pickle",
    "pkl", "pt", "pth", "rar", "safetensors", "tar", "tflite", "tgz", "wasm", "xz", "zip",
    "zst", "pcm", "wav", "flac", "mp3", "ogg", "opus", "mp4", "webm", "avi", "mov", "bmp",
    "gif", "jpeg", "jpg", "png", "tiff", "webp",
]

STANDARD = "".join(f"*.{ending} {_RULE}\n" for ending in _ENDINGS) + f"*tfevents* {_RULE}\n"


class Attributes:
    """The rules of one ``.gitattributes`` file that matter here: which paths LFS keeps."""

    def __init__(self, text: str = STANDARD) -> None:
        self.text = text
        lines = (line.split() for line in text.splitlines())
        self._patterns = [words[0] for words in lines if "filter=lfs" in words[1:]]

    def is_large(self, path: str, size: int) -> bool:
        """Tell whether a file of ``size`` bytes belongs beside git rather than in it."""
        return size > LARGE or self.covers(path)

    def covers(self, path: str) -> bool:
        """Tell whether a rule already names this path."""
        name = path.rpartition("/")[2]
        return any(
            fnmatchcase(path if "/" in pattern else name, pattern.lstrip("/"))
            for pattern in self._patterns
        )

    def including(self, paths: list[str]) -> "Attributes":
        """Add a rule of its own for each path that no rule covers yet."""
        added = "".join(f"{path.replace(' ', '[[:space:]]')} {_RULE}\n" for path in paths)
        start = self.text if not added or self.text.endswith("\n") else f"{self.text}\n"
        return Attributes(start + added)
