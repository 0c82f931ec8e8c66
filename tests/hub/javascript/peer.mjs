// The JavaScript client makes, fills, lists, reads and deletes: node peer.mjs HUB_URL TOKEN

import * as hub from "@huggingface/hub";

const [hubUrl, accessToken] = process.argv.slice(2);
const at = { hubUrl, accessToken };
const repo = { type: "model", name: "learner/by-javascript" };
const here = { ...at, repo };
const large = new Uint8Array(12_000_000).map((_, index) => index % 251);

async function all(items) {
	const found = [];
	for await (const item of items) found.push(item);
	return found;
}

async function paths() {
	return (await all(hub.listFiles({ ...here, recursive: true }))).map((file) => file.path);
}

async function bytes(path, revision = "main") {
	const file = await hub.downloadFile({ ...here, path, revision });
	return new Uint8Array(await file.arrayBuffer());
}

function same(one, other) {
	return one.length === other.length && one.every((value, index) => value === other[index]);
}

async function refusal(call) {
	try {
		await call();
	} catch (error) {
		return error.statusCode;
	}
	return null;
}

const told = {};
const about = await hub.whoAmI(at);
told.who = [about.name, about.orgs.map((organization) => organization.name)];
told.created = (await hub.createRepo({ ...here, private: true })).repoUrl;
told.again = await refusal(() => hub.createRepo(here));
told.hidden = await refusal(() => hub.modelInfo({ hubUrl, name: repo.name }));
const uploaded = await hub.uploadFiles({
	...here,
	commitTitle: "two files",
	files: [
		{ path: "notes/small.txt", content: new Blob(["from JavaScript"]) },
		{ path: "large.dat", content: new Blob([large]) },
	],
});
told.commit = uploaded.commit.oid;
told.files = await paths();
told.large = (await all(hub.listFiles(here))).filter((file) => file.lfs).map((file) => file.size);
told.small = new TextDecoder().decode(await bytes("notes/small.txt"));
told.same = same(await bytes("large.dat"), large);
told.titles = (await all(hub.listCommits(here))).map((commit) => commit.title);
await hub.createBranch({ ...here, branch: "kept" });
await hub.deleteFile({ ...here, path: "notes/small.txt" });
told.left = await paths();
told.branch = new TextDecoder().decode(await bytes("notes/small.txt", "kept"));
told.exists = await hub.fileExists({ ...here, path: "notes/small.txt" });
const file = { path: "suggested.txt", content: new Blob(["?"]) };
told.pull = (await hub.uploadFile({ ...here, file, isPullRequest: true })).pullRequestUrl;
told.listed = (await all(hub.listModels({ ...at, search: { owner: "learner" } }))).map((m) => m.name);
await hub.deleteRepo(here);
told.gone = await hub.repoExists(here);
console.log(JSON.stringify(told));
