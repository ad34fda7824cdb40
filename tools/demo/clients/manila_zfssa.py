"""Drives the simulated ZFS Storage Appliance with the REST client of OpenStack Manila, unchanged.

Arguments: URL, user, password, pool, project. Manila's own imports from OpenStack's libraries (logging, JSON, translation, its
exceptions) have stand-ins here, so that only this one client has to be unpacked. It still talks to urllib as Python 2 had it: texts
instead of bytes, `getheader`; urllib is given those manners.
"""
import base64
import http.client
import json
import ssl
import sys
import types
import urllib.request


def module(name, **members):
    made = types.ModuleType(name)
    made.__dict__.update(members)
    sys.modules[name] = made
    return made


class Log:
    def __getattr__(self, _):
        return lambda *args, **kwargs: None


class ShareBackendException(Exception):
    def __init__(self, msg=None):
        super().__init__(msg)


module('oslo_log', log=module('oslo_log.log', getLogger=lambda name: Log(), DEBUG=10))
module('oslo_serialization', jsonutils=module('oslo_serialization.jsonutils', loads=json.loads, dumps=json.dumps))
module('manila.i18n', _=lambda text: text)
module('manila.exception', ShareBackendException=ShareBackendException)
# The packages above it read OpenStack's configuration; only their places are needed.
for name in ('manila', 'manila.share', 'manila.share.drivers'):
    module(name, __path__=[f'{root}/{name.replace(".", "/")}' for root in sys.path])
sys.modules['manila'].exception = sys.modules['manila.exception']
from manila.share.drivers.zfssa import restclient, zfssarest  # noqa: E402

plain_request = urllib.request.Request
urllib.request.Request = lambda url, data=None, headers={}: plain_request(url, data.encode() if isinstance(data, str) else data, {k: str(v) for k, v in headers.items()})
plain_open = urllib.request.urlopen


def open_as_text(*args, **kwargs):
    response = plain_open(*args, **kwargs)
    read = response.read
    response.read = lambda *sizes: read(*sizes).decode()
    return response


urllib.request.urlopen = open_as_text
http.client.HTTPMessage.getheader = http.client.HTTPMessage.get
ssl._create_default_https_context = ssl._create_unverified_context
restclient.log_debug_msg = lambda *args: None

url, user, password, pool, project = sys.argv[1:6]
api = zfssarest.ZFSSAApi()
api.host = url
api.rclient = zfssarest.factory_restclient(url, None, timeout=30)
calls = []


def expect(what, call, wanted=None):
    refused, found = False, None
    try:
        found = call()
    except Exception as error:  # noqa: BLE001
        refused, found = True, error
    ok = refused if wanted == 'refused' else not refused and (wanted is None or bool(wanted(found)))
    calls.append({'call': what, 'ok': ok, 'found': repr(found)[:300]})


share = {'name': 'm1', 'quota': 1 << 30, 'quota_snap': True, 'reservation': 0, 'root_permissions': '755', 'sharenfs': 'rw'}
clone = {'share': 'c1', 'project': project, 'quota': 1 << 30, 'quota_snap': True, 'reservation': 0, 'sharenfs': 'rw'}
expect('login', lambda: api.login(base64.b64encode(f'{user}:{password}'.encode()).decode()))
expect('verify_pool', lambda: api.verify_pool(pool))
expect('verify_project', lambda: api.verify_project(pool, project))
expect('create_project', lambda: api.create_project(pool, 'manila', {'name': 'manila', 'mountpoint': '/export/manila'}))
expect('get_pool_stats', lambda: api.get_pool_stats(pool), lambda stats: int(stats[0]) > 0)
expect('get_project_stats', lambda: api.get_project_stats(pool, project), lambda free: int(free) > 0)
expect('verify_avail_space', lambda: api.verify_avail_space(pool, project, share, 1))
expect('create_share', lambda: api.create_share(pool, project, share))
expect('get_share', lambda: api.get_share(pool, project, 'm1'), lambda found: found['mountpoint'] == f'/export/{project}/m1' and found['canonical_name'] == f'{pool}/local/{project}/m1')
expect('modify_share', lambda: api.modify_share(pool, project, 'm1', {'quota': 2 << 30}))
expect('create_snapshot', lambda: api.create_snapshot(pool, project, 'm1', 's1'))
expect('create_snapshot again', lambda: api.create_snapshot(pool, project, 'm1', 's1'), 'refused')
expect('has_clones', lambda: api.has_clones(pool, project, 'm1', 's1'), lambda found: found is False)
expect('clone_snapshot', lambda: api.clone_snapshot(pool, project, {'share_id': 'm1', 'id': 's1'}, {'id': 'c1', 'size': 1}, clone))
expect('has_clones', lambda: api.has_clones(pool, project, 'm1', 's1'), lambda found: found is True)
expect('get_share of the clone', lambda: api.get_share(pool, project, 'c1'), lambda found: found['origin']['snapshot'] == 's1' and found['origin']['share'] == 'm1')
expect('delete_snapshot with a clone', lambda: api.delete_snapshot(pool, project, 'm1', 's1'), 'refused')
expect('delete_share of the clone', lambda: api.delete_share(pool, project, 'c1'))
expect('delete_snapshot', lambda: api.delete_snapshot(pool, project, 'm1', 's1'))
expect('allow_access_nfs', lambda: api.allow_access_nfs(pool, project, 'm1', {'access_to': '10.0.0.5', 'access_type': 'ip'}))
expect('deny_access_nfs', lambda: api.deny_access_nfs(pool, project, 'm1', {'access_to': '10.0.0.5', 'access_type': 'ip'}))
expect('create_schema', lambda: api.create_schema({'property': 'manila_managed', 'description': 'managed by Manila', 'type': 'Boolean'}))
expect('get_share of a missing one', lambda: api.get_share(pool, project, 'none'), 'refused')
print(json.dumps(calls))
