// One tenant by Google's generic client: its database exported, imported and compared, its name
// resolved, its site served and written to.
//   node tenant.mjs http://127.0.0.1:PORT DNS_PORT WEB_PORT
// Ends with exit code 0 when all that it asked for was so; says what was not otherwise.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import http from 'node:http';
import {gunzipSync} from 'node:zlib';
import {google} from 'googleapis';

const [rootUrl, dnsPort, webPort] = process.argv.slice(2);
const auth = new google.auth.OAuth2();
auth.setCredentials({access_token: 'ya29.test'});
const options = {auth, rootUrl: rootUrl + '/', retry: false};
const project = 'sandbox-project';
const sql = google.sqladmin({version: 'v1beta4', ...options});
const dns = google.dns({version: 'v1', ...options});
const run = google.run({version: 'v2', ...options});
const secrets = google.secretmanager({version: 'v1', ...options}).projects.secrets;
const storage = google.storage({version: 'v1', ...options});

async function settled(begun) {
  let operation = begun.data;
  while (operation.status !== 'DONE') {
    ({data: operation} = await sql.operations.get({project, operation: operation.name}));
  }
  assert.equal(operation.error, undefined, JSON.stringify(operation.error));
}

async function fails(begun, code) {
  await assert.rejects(async () => settled(await begun), error => {
    assert.match(error.message, code);
    return true;
  });
}

const dump = `CREATE TABLE note (id INT PRIMARY KEY, text VARCHAR(100)) DEFAULT CHARSET=utf8mb4;
INSERT INTO note VALUES (1,'Zürich 😀'),(2,'it''s \\\\ "quoted"'),(3,NULL);
`;

async function exported(database, object) {
  const exportContext = {fileType: 'SQL', uri: `gs://tenant-dumps/${object}`, databases: [database]};
  await settled(
    await sql.instances.export({project, instance: 'wp-db', requestBody: {exportContext}})
  );
  const {data} = await storage.objects.get(
    {bucket: 'tenant-dumps', object, alt: 'media'},
    {responseType: 'arraybuffer'}
  );
  const bytes = Buffer.from(data);
  return (object.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
}

async function imported(database, object) {
  const importContext = {fileType: 'SQL', uri: `gs://tenant-dumps/${object}`, database};
  await settled(
    await sql.instances.import({project, instance: 'wp-db', requestBody: {importContext}})
  );
}

// Where its server listens.
async function database() {
  const requestBody = {
    name: 'wp-db',
    region: 'us-central1',
    databaseVersion: 'MYSQL_8_0',
    settings: {tier: 'db-g1-small'},
  };
  await settled(await sql.instances.insert({project, requestBody}));
  await fails(sql.instances.insert({project, requestBody}), /already exists/);
  const {data: instance} = await sql.instances.get({project, instance: 'wp-db'});
  assert.equal(instance.state, 'RUNNABLE');
  const made = async name =>
    settled(
      await sql.databases.insert({project, instance: 'wp-db', requestBody: {name, charset: 'utf8mb4'}})
    );
  await made('wp');
  await made('notes');
  await settled(
    await sql.users.insert({
      project,
      instance: 'wp-db',
      requestBody: {name: 'wp', host: '%', password: 'pa$$"word'},
    })
  );
  await storage.buckets.insert({project, requestBody: {name: 'tenant-dumps'}});
  // Uploads do without the client's own options.
  await storage.objects.insert(
    {
      bucket: 'tenant-dumps',
      name: 'start.sql',
      media: {mimeType: 'application/sql', body: dump},
    },
    {rootUrl}
  );
  await imported('notes', 'start.sql');
  const first = await exported('notes', 'first.sql.gz');
  assert.match(first, /Zürich 😀/);
  await settled(await sql.databases.delete({project, instance: 'wp-db', database: 'notes'}));
  await made('notes');
  assert.doesNotMatch(await exported('notes', 'none.sql'), /Zürich/);
  await imported('notes', 'first.sql.gz');
  const statements = text => text.split('\n').filter(line => !line.startsWith('-- '));
  assert.deepEqual(statements(await exported('notes', 'second.sql')), statements(first));
  await settled(await sql.instances.restart({project, instance: 'wp-db'}));
  return instance.ipAddresses[0].ipAddress;
}

function digged(name) {
  return execFileSync('kdig', ['+short', '@127.0.0.1', '-p', dnsPort, name, 'A']).toString().trim();
}

async function name() {
  const zone = {name: 'aipress', dnsName: 'aipress.example.', description: 'd'};
  await dns.managedZones.create({project, requestBody: zone});
  const record = rrdata => ({
    name: 'tenant-001.aipress.example.',
    type: 'A',
    ttl: 60,
    rrdatas: [rrdata],
  });
  for (const [additions, deletions] of [
    [[record('192.0.2.1')], []],
    [[record('192.0.2.2')], [record('192.0.2.1')]],
  ]) {
    let {data: change} = await dns.changes.create({
      project,
      managedZone: 'aipress',
      requestBody: {additions, deletions},
    });
    while (change.status !== 'done') {
      ({data: change} = await dns.changes.get({
        project,
        managedZone: 'aipress',
        changeId: change.id,
      }));
    }
    assert.equal(digged('tenant-001.aipress.example'), additions[0].rrdatas[0]);
  }
}

// `form`: posted when it is there.
function visit(host, path, form, cookie = '') {
  return new Promise((resolve, reject) => {
    const body = form ? new URLSearchParams(form).toString() : undefined;
    const request = http.request(
      {
        host: '127.0.0.1',
        port: webPort,
        path,
        method: form ? 'POST' : 'GET',
        headers: {
          Host: host,
          Cookie: cookie,
          ...(form && {
            'Content-Type': 'application/x-www-form-urlencoded',
            'Content-Length': Buffer.byteLength(body),
          }),
        },
      },
      async response => {
        let text = '';
        for await (const part of response) text += part;
        resolve({status: response.statusCode, text, cookies: response.headers['set-cookie'] ?? []});
      }
    );
    request.on('error', reject);
    request.end(body);
  });
}

async function site(databaseHost) {
  const parent = `projects/${project}`;
  await secrets.create({
    parent,
    secretId: 'tenant-001',
    requestBody: {replication: {automatic: {}}},
  });
  await secrets.addVersion({
    parent: `${parent}/secrets/tenant-001`,
    requestBody: {payload: {data: Buffer.from('pa$$"word').toString('base64')}},
  });
  const location = `${parent}/locations/us-central1`;
  const env = [
    {name: 'DB_HOST', value: databaseHost},
    {name: 'DB_NAME', value: 'wp'},
    {name: 'DB_USER', value: 'wp'},
    {name: 'DB_PASSWORD', valueSource: {secretKeyRef: {secret: 'tenant-001', version: 'latest'}}},
  ];
  const container = {image: 'us-docker.pkg.dev/p/sites/wordpress:6', env};
  const {data: begun} = await run.projects.locations.services.create({
    parent: location,
    serviceId: 'tenant-001',
    requestBody: {template: {containers: [container]}},
  });
  const {data: operation} = await run.projects.locations.operations.wait({name: begun.name});
  assert.equal(operation.error, undefined, JSON.stringify(operation.error));
  const {data: service} = await run.projects.locations.services.get({
    name: `${location}/services/tenant-001`,
  });
  const {host} = new URL(service.uri);
  const installed = await visit(host, '/wp-admin/install.php?step=2', {
    weblog_title: 'Sandbox Gazette',
    user_name: 'admin',
    admin_password: 'secret-of-admin',
    admin_password2: 'secret-of-admin',
    pw_weak: 'on',
    admin_email: 'admin@example.test',
    blog_public: '0',
  });
  assert.match(installed.text, /Success!/);
  assert.match((await visit(host, '/')).text, /Sandbox Gazette/);
  const login = await visit(host, '/wp-login.php', {log: 'admin', pwd: 'secret-of-admin'});
  assert.equal(login.status, 302);
  const cookie = login.cookies.map(line => line.split(';')[0]).join('; ');
  const comment = {comment_post_ID: '1', comment: 'The engine weaves.'};
  const posted = await visit(host, '/wp-comments-post.php', comment, cookie);
  assert.equal(posted.status, 302, posted.text);
  assert.match((await visit(host, '/?p=1')).text, /The engine weaves\./);
  assert.match(await exported('wp', 'wp.sql'), /The engine weaves\./);
  await run.projects.locations.services.delete({name: `${location}/services/tenant-001`});
}

await name();
const databaseHost = await database();
await site(databaseHost);
await settled(await sql.instances.delete({project, instance: 'wp-db'}));
console.log('all as it should be');
