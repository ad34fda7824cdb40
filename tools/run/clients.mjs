// Public clients that were written for the real arrays drive the simulated ones, unchanged: the Ansible modules for ONTAP, and the
// REST client of OpenStack Manila for the ZFS Storage Appliance. They are unpacked from Debian's packages, nothing is installed.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { install } from './install.mjs'
import { capture, pinnedNode, root, say } from './workspace.mjs'

const packages = ['ansible', 'ansible-core', 'python3-manila', 'python3-requests', 'python3-urllib3', 'python3-idna', 'python3-certifi', 'python3-charset-normalizer', 'python3-chardet']
const password = 'Client-1'
const directory = mkdtempSync(join(tmpdir(), 'icb-clients-'))
const python = '/usr/bin/python3'
const modules = join(directory, 'usr/lib/python3/dist-packages')
const env = { ...process.env, PYTHONPATH: modules, LAB_APPLIANCE_PASSWORD: password }

function execute(file, args, cwd = directory) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (text) => { stdout += text })
    child.stderr.on('data', (text) => { stderr += text })
    child.once('error', reject)
    child.once('close', (code) => { resolve({ code, stdout, stderr }) })
  })
}

/** Starts a simulator and waits until its output is a whole JSON document. */
function start(args) {
  const child = spawn(pinnedNode, ['--disable-warning=ExperimentalWarning', ...args], { cwd: root, env, stdio: ['pipe', 'pipe', 'inherit'] })
  const ready = new Promise((resolve, reject) => {
    let text = ''
    createInterface(child.stdout).on('line', (line) => {
      text += `${line}\n`
      try {
        resolve(JSON.parse(text))
      } catch {
        // More lines come.
      }
    })
    child.once('close', () => { reject(new Error(`${args[0]} ended`)) })
  })
  return { child, ready }
}

const results = []
const note = (client, call, ok, found) => {
  results.push(ok)
  say(`${ok ? '✓' : '✗'} ${client}: ${call}${ok ? '' : `: ${found}`}`)
}

async function ansible() {
  const { child, ready } = start(['tools/lab/src/filer-ontap/main.ts', '--directory', join(directory, 'filer'), '--with-parent'])
  try {
    const { url } = await ready
    const login = { hostname: '127.0.0.1', http_port: Number(new URL(url).port), username: 'admin', password, https: true, validate_certs: false, use_rest: 'always' }
    const svm = { vserver: 'svm1' }
    const volume = { ...svm, state: 'present', name: 'cl_orcl', aggregate_name: 'aggr1', size: 2, size_unit: 'gb', junction_path: '/cl_orcl', export_policy: 'icb', snapshot_policy: 'none', percent_snapshot_space: 0, unix_permissions: '770', user_id: 1001, group_id: 1001, space_guarantee: 'none', comment: 'by ansible' }
    const snapshot = { ...svm, state: 'present', volume: 'cl_orcl', snapshot: 's1', comment: 'x' }
    const clone = { ...svm, state: 'present', name: 'cl_clone', parent_volume: 'cl_orcl', parent_snapshot: 's2', junction_path: '/cl_clone' }
    const info = ['cluster', 'cluster/jobs', 'svm/svms', 'network/ip/interfaces', 'storage/aggregates', 'storage/volumes', 'application/consistency-groups', 'protocols/nfs/export-policies']
    const changed = (result) => result.changed === true
    const same = (result) => result.changed === false && result.failed !== true
    const calls = [
      ...info.map((subset) => [`info about ${subset}`, 'na_ontap_rest_info', { gather_subset: [subset], fields: ['*'] }, (result) => result.ontap_info?.[subset] !== undefined]),
      ['create a volume', 'na_ontap_volume', volume, changed],
      ['create it again', 'na_ontap_volume', volume, same],
      ['resize it', 'na_ontap_volume', { ...svm, state: 'present', name: 'cl_orcl', size: 3, size_unit: 'gb' }, changed],
      ['create a snapshot', 'na_ontap_snapshot', snapshot, changed],
      ['create it again', 'na_ontap_snapshot', snapshot, same],
      ['rename it', 'na_ontap_snapshot', { ...svm, state: 'present', volume: 'cl_orcl', from_name: 's1', snapshot: 's2' }, changed],
      ['clone it', 'na_ontap_volume_clone', clone, changed],
      ['clone it again', 'na_ontap_volume_clone', clone, same],
      ['delete a snapshot with a clone', 'na_ontap_snapshot', { ...svm, state: 'absent', volume: 'cl_orcl', snapshot: 's2' }, (result) => result.failed === true && result.msg.includes('1638555')],
      ['delete the clone', 'na_ontap_volume', { ...svm, state: 'absent', name: 'cl_clone' }, changed],
      ['delete it again', 'na_ontap_volume', { ...svm, state: 'absent', name: 'cl_clone' }, same],
      ['delete the volume', 'na_ontap_volume', { ...svm, state: 'absent', name: 'cl_orcl' }, changed],
    ]
    for (const [what, module, args, right] of calls) {
      const file = join(directory, 'args.json')
      writeFileSync(file, JSON.stringify({ ANSIBLE_MODULE_ARGS: { ...login, ...args } }))
      const { stdout, stderr } = await execute(python, ['-W', 'ignore', '-m', `ansible_collections.netapp.ontap.plugins.modules.${module}`, file])
      const document = stdout.split('\n').findLast((line) => line.startsWith('{'))
      const result = document === undefined ? undefined : JSON.parse(document)
      note(`Ansible ${module}`, what, result !== undefined && right(result), (result?.msg ?? (stderr || stdout)).slice(0, 500))
    }
  } finally {
    child.kill()
  }
}

async function manila() {
  const { child, ready } = start(['tools/lab/bin/lab.mjs', 'appliance', 'zfssa', '--engine', 'directory'])
  try {
    const { urls, pool, project, user } = await ready
    const { stdout, stderr } = await execute(python, ['-W', 'ignore', join(root, 'tools/demo/clients/manila_zfssa.py'), urls[0], user, password, pool, project])
    if (!stdout.startsWith('[')) throw new Error(stderr)
    for (const { call, ok, found } of JSON.parse(stdout)) note('Manila zfssarest', call, ok, found)
  } finally {
    child.kill()
  }
}

if (!existsSync('/usr/bin/apt-get') || !existsSync(python)) {
  say('needs Debian (apt-get, python3)')
  process.exit(2)
}
await install()
try {
  say(`unpacking ${packages.join(', ')} into ${directory}`)
  let got = await execute('apt-get', ['download', '-q', ...packages])
  if (got.code !== 0) {
    await capture('apt-get', ['update', '-q'])
    got = await execute('apt-get', ['download', '-q', ...packages])
  }
  if (got.code !== 0) throw new Error(got.stderr)
  for (const file of readdirSync(directory).filter((name) => name.endsWith('.deb'))) await execute('dpkg', ['-x', file, '.'])
  await ansible()
  await manila()
} finally {
  rmSync(directory, { recursive: true, force: true })
}
const wrong = results.filter((ok) => !ok).length
console.log(`${results.length - wrong} calls answered as the client expects, ${wrong} not`)
process.exitCode = wrong === 0 ? 0 : 1
