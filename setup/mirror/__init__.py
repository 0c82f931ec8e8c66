"""The mirror: files of other web servers, and GitHub's REST API, for rooms without internet."""
