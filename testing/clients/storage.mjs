// Google's own client for Cloud Storage against a sandbox.
//   node storage.mjs http://127.0.0.1:PORT
// Ends with exit code 0 when all that it asked for was so; says what was not otherwise.
import assert from 'node:assert/strict';
import {createHash, randomBytes} from 'node:crypto';
import http from 'node:http';
import {Storage} from '@google-cloud/storage';

const url = process.argv[2];
const storage = new Storage({
  apiEndpoint: url,
  useAuthWithCustomEndpoint: false,
  projectId: 'sandbox-project',
});
const kib = 1024;

async function rejects(work, code) {
  await assert.rejects(work, error => {
    assert.equal(Number(error.code), code, error.message);
    return true;
  });
}

async function sizes(bucket) {
  for (const size of [0, 1, 256 * kib - 1, 256 * kib, 256 * kib + 1]) {
    for (const resumable of [false, true]) {
      const bytes = randomBytes(size);
      const file = bucket.file(`sizes/${size}-${resumable}`);
      await file.save(bytes, {resumable, validation: 'crc32c'});
      const [back] = await file.download({validation: 'crc32c'});
      assert.ok(back.equals(bytes), `${size} bytes, resumable: ${resumable}`);
      const [metadata] = await file.getMetadata();
      assert.equal(Number(metadata.size), size);
      assert.equal(metadata.md5Hash, createHash('md5').update(bytes).digest('base64'));
    }
  }
}

// The start of a chunk is sent, then the connection breaks.
function breakOff(uri, bytes, total) {
  return new Promise(resolve => {
    const request = http.request(uri, {
      method: 'PUT',
      headers: {'Content-Length': total, 'Content-Range': `bytes 0-${total - 1}/${total}`},
    });
    request.on('error', resolve);
    request.write(bytes, () => setImmediate(() => request.destroy()));
  });
}

async function interrupted(bucket) {
  const bytes = randomBytes(64 * kib * kib);
  const file = bucket.file('interrupted');
  const [uri] = await file.createResumableUpload({metadata: {contentType: 'image/png'}});
  await breakOff(uri, bytes.subarray(0, 5 * kib * kib), bytes.length);
  await rejects(() => file.getMetadata(), 404);
  // How far it came is asked, not assumed.
  const status = await fetch(uri, {method: 'PUT', headers: {'Content-Range': 'bytes */*'}});
  assert.equal(status.status, 308);
  const range = status.headers.get('range');
  const offset = range ? Number(range.split('-')[1]) + 1 : 0;
  assert.ok(offset <= 5 * kib * kib);
  await new Promise((resolve, reject) => {
    file
      .createWriteStream({uri, offset, resumable: true, chunkSize: 8 * kib * kib, validation: false})
      .on('finish', resolve)
      .on('error', reject)
      .end(bytes.subarray(offset));
  });
  const [metadata] = await file.getMetadata();
  assert.equal(Number(metadata.size), bytes.length);
  assert.equal(metadata.md5Hash, createHash('md5').update(bytes).digest('base64'));
  assert.equal(metadata.contentType, 'image/png');
  const [part] = await file.download({start: 1000, end: 1999});
  assert.ok(part.equals(bytes.subarray(1000, 2000)));
}

async function preconditions(bucket) {
  const file = bucket.file('precondition');
  await file.save('one', {resumable: false, preconditionOpts: {ifGenerationMatch: 0}});
  await rejects(
    () => file.save('two', {resumable: false, preconditionOpts: {ifGenerationMatch: 0}}),
    412
  );
  await file.setMetadata({metadata: {tenant: 'wp-1'}});
  const [metadata] = await file.getMetadata();
  assert.equal(metadata.metadata.tenant, 'wp-1');
  assert.equal(metadata.metageneration, '2');
}

async function copies(bucket, other) {
  await bucket.file('a b/ä+%2F.txt').save('hello', {resumable: false});
  const [copied] = await bucket.file('a b/ä+%2F.txt').copy(other.file('copied'));
  assert.equal((await copied.download())[0].toString(), 'hello');
  await bucket.file('tail').save(' world', {resumable: false});
  await bucket.combine(['a b/ä+%2F.txt', 'tail'], 'combined');
  assert.equal((await bucket.file('combined').download())[0].toString(), 'hello world');
  await bucket.file('combined').move('moved');
  assert.deepEqual(await bucket.file('combined').exists(), [false]);
}

async function lists(bucket) {
  await Promise.all(
    Array.from({length: 25}, (_, i) => bucket.file(`list/${i % 5}/${i}`).save('x', {resumable: false}))
  );
  const names = new Set();
  let query = {prefix: 'list/', maxResults: 4, autoPaginate: false};
  while (query) {
    const [files, next] = await bucket.getFiles(query);
    assert.ok(files.length <= 4);
    files.forEach(file => names.add(file.name));
    query = next;
  }
  assert.equal(names.size, 25);
  const [, , page] = await bucket.getFiles({prefix: 'list/', delimiter: '/', autoPaginate: false});
  assert.deepEqual(page.prefixes, [0, 1, 2, 3, 4].map(i => `list/${i}/`));
  await bucket.deleteFiles({prefix: 'list/'});
  assert.equal((await bucket.getFiles({prefix: 'list/'}))[0].length, 0);
}

async function api(path, body) {
  const answer = await fetch(url + path, {
    method: 'POST',
    headers: {Authorization: 'Bearer ya29.test', 'Content-Type': 'application/json'},
    body: JSON.stringify(body),
  });
  assert.equal(answer.status, 200, await answer.clone().text());
  return answer.json();
}

// As an operator's application does it: with the key file of a service account.
async function signedUrls(name) {
  const account = await api('/v1/projects/sandbox-project/serviceAccounts', {accountId: 'url-signer'});
  const key = await api(`/v1/${account.name}/keys`, {});
  const credentials = JSON.parse(Buffer.from(key.privateKeyData, 'base64').toString());
  const signer = new Storage({
    apiEndpoint: url,
    useAuthWithCustomEndpoint: false,
    projectId: 'sandbox-project',
    credentials,
  });
  const expires = Date.now() + 60_000;
  for (const version of ['v2', 'v4']) {
    const file = signer.bucket(name).file(`signed/ä b-${version}.txt`);
    const sign = options => file.getSignedUrl({version, expires, ...options}).then(([one]) => one);
    const contentType = 'text/plain';
    const headers = {'Content-Type': contentType};

    const write = await sign({action: 'write', contentType});
    assert.equal((await fetch(write, {method: 'PUT', headers, body: 'signed'})).status, 200);
    const other = {'Content-Type': 'image/png'};
    assert.equal((await fetch(write, {method: 'PUT', headers: other, body: 'x'})).status, 403);
    const read = await sign({action: 'read', responseDisposition: 'attachment'});
    const bytes = await fetch(read);
    assert.equal(await bytes.text(), 'signed');
    assert.equal(bytes.headers.get('content-type'), contentType);
    assert.equal(bytes.headers.get('content-disposition'), 'attachment');
    assert.equal((await fetch(read, {method: 'DELETE'})).status, 403);
    assert.equal((await fetch(read.split('?')[0])).status, 403);

    const session = await fetch(await sign({action: 'resumable'}), {
      method: 'POST',
      headers: {'x-goog-resumable': 'start'},
    });
    assert.equal(session.status, 201);
    const done = await fetch(session.headers.get('location'), {method: 'PUT', body: 'resumed'});
    assert.equal(done.status, 200);
    assert.equal((await file.download())[0].toString(), 'resumed');

    assert.equal((await fetch(await sign({action: 'delete'}), {method: 'DELETE'})).status, 204);
    assert.deepEqual(await file.exists(), [false]);
  }
}

async function publicFiles(bucket) {
  const shown = bucket.file('public/shown');
  await shown.save('for all', {resumable: false, public: true});
  await bucket.file('public/hidden').save('for some', {resumable: false});
  assert.deepEqual(await shown.isPublic(), [true]);
  assert.deepEqual(await bucket.file('public/hidden').isPublic(), [false]);
  assert.equal(await (await fetch(`${url}/${bucket.name}/public/shown`)).text(), 'for all');
  await shown.makePrivate();
  assert.deepEqual(await shown.isPublic(), [false]);
  await shown.makePublic();
  assert.deepEqual(await shown.isPublic(), [true]);
}

async function packed(bucket) {
  const file = bucket.file('packed');
  await file.save('a'.repeat(1000), {gzip: true, resumable: false});
  const [metadata] = await file.getMetadata();
  assert.equal(metadata.contentEncoding, 'gzip');
  assert.ok(Number(metadata.size) < 100);
  assert.equal((await file.download())[0].toString(), 'a'.repeat(1000));
}

const [bucket] = await storage.createBucket('client-media');
const [other] = await storage.createBucket('client-other', {location: 'us-central1'});
await rejects(() => storage.createBucket('client-media'), 409);
await rejects(() => storage.bucket('client-nowhere').getMetadata(), 404);
await sizes(bucket);
await interrupted(bucket);
await preconditions(bucket);
await copies(bucket, other);
await lists(bucket);
await signedUrls(bucket.name);
await publicFiles(bucket);
await packed(bucket);
await rejects(() => bucket.delete(), 409);
await bucket.deleteFiles();
await bucket.delete();
console.log('all as it should be');
