// Google's generic client against a sandbox: projects, services, billing, secrets.
//   node googleapis.mjs http://127.0.0.1:PORT
// Ends with exit code 0 when all that it asked for was so; says what was not otherwise.
import assert from 'node:assert/strict';
import {google} from 'googleapis';

const rootUrl = process.argv[2] + '/';
const auth = new google.auth.OAuth2();
auth.setCredentials({access_token: 'ya29.test'});
const options = {auth, rootUrl, retry: false};
const projects = google.cloudresourcemanager({version: 'v3', ...options}).projects;
const operations = google.cloudresourcemanager({version: 'v3', ...options}).operations;
const services = google.serviceusage({version: 'v1', ...options}).services;
const billing = google.cloudbilling({version: 'v1', ...options}).projects;
const secrets = google.secretmanager({version: 'v1', ...options}).projects.secrets;

async function rejects(work, status, reason) {
  await assert.rejects(work, error => {
    assert.equal(error.response.status, status, error.message);
    if (reason) assert.equal(error.response.data.error.details[0].reason, reason);
    return true;
  });
}

async function done(operation) {
  const {data} = await operations.get({name: operation.data.name});
  assert.equal(data.done, true);
  return data.response;
}

const project = await done(
  await projects.create({
    requestBody: {projectId: 'wp-shard-7', displayName: 'Shard 7', labels: {shard: '7'}},
  })
);
assert.equal(project.projectId, 'wp-shard-7');
await rejects(() => projects.create({requestBody: {projectId: 'wp-shard-7'}}), 409);
await billing.updateBillingInfo({
  name: 'projects/wp-shard-7',
  requestBody: {billingAccountName: 'billingAccounts/000000-AAAAAA-000000'},
});
const info = await billing.getBillingInfo({name: 'projects/wp-shard-7'});
assert.equal(info.data.billingEnabled, true);

const parent = 'projects/wp-shard-7';
const automatic = {replication: {automatic: {}}};
await rejects(
  () => secrets.create({parent, secretId: 's', requestBody: automatic}),
  403,
  'SERVICE_DISABLED'
);
await services.batchEnable({
  parent,
  requestBody: {serviceIds: ['secretmanager.googleapis.com', 'sqladmin.googleapis.com']},
});
const {data: secret} = await secrets.create({parent, secretId: 's', requestBody: automatic});
for (const payload of ['first', 'second']) {
  await secrets.addVersion({
    parent: secret.name,
    requestBody: {payload: {data: Buffer.from(payload).toString('base64')}},
  });
}
const {data: latest} = await secrets.versions.access({name: secret.name + '/versions/latest'});
assert.equal(Buffer.from(latest.payload.data, 'base64').toString(), 'second');
const {data: versions} = await secrets.versions.list({parent: secret.name});
assert.equal(versions.versions.length, 2);
await rejects(() => secrets.get({name: parent + '/secrets/none'}), 404);
await done(await projects.delete({name: project.name}));
await rejects(() => secrets.list({parent}), 403);
console.log('all as it should be');
