import type { KnownDigests } from './templates.ts'

/**
 * Digests of the programs and template entries of the original in all its published revisions, by which local edits are found. `current`: its newest one has the entry.
 */
export const knownDigests: KnownDigests = {
  'autorestore.py': {
    '*': ['610792fb56d2', '8a1a587fe2a1', '6dc20e870864', 'cf602e197650', '21ad15e3d84b', 'a549a984f9e5'],
  },
  'backup.py': {
    '*': ['a71b31d3e624', '1836b370c896', '508d306555f5', '754ae8167f80', '9f214ebcec0d', '1cb330c9c2e0'],
  },
  'backupcommon.py': {
    '*': ['1967b7542762', '427c5a30281c', '61f64e32a401', '465425c90993', '1b645a130deb'],
  },
  'dbinfo.py': {
    '*': ['1c9465ab3035', '76489b7143dc', '75723c172f92'],
  },
  'exec_all.py': {
    '*': ['be8f45d18d6b', 'c5fa143b15e9', '980eb26868bf'],
  },
  'netapp.py': {
    '*': ['0dc94ae0527d', '80303a819ec5', 'c1fe40826c4b', 'cb4e7a1de336', 'a64760df95f2', '64e5e29703b5', '51f871160def', 'd36e5407a129', '29e26357ab44', '8ae0c19edb32', '369f52154840', 'a6ac4bda58d5', 'dd5380f7bf2f'],
  },
  'oraexec.py': {
    '*': ['fdd38e099de1'],
  },
  'report.py': {
    '*': ['0d9342f6ccd3', 'e0598e9bd12a', '564a85185fb4'],
  },
  'reporttemplate.cfg': {
    'sqlplusheader': ['current', 'bd748377c9ce'],
    'sqlplusautorestoreheader': ['current', 'e2b456f67277'],
    'sqlplusfooter': ['current', 'd73f6fee0352'],
    'jobstatus': ['current', 'da828c84983e'],
    'autorestorestatus': ['current', '503a4cffc53e'],
  },
  'restore.py': {
    '*': ['0ce6679cf12a', 'fb568dec3c21', '843caf5bb1c1', 'fe7eaa0443db', '10ff9b9b5bcc', '718c3eb4459e'],
  },
  'restorecommon.py': {
    '*': ['370c45767dc5', 'af8531f738db', '0bd9718052fd', 'bd62b3a58fe3', '5eb2fa9cc1b7', 'fb0c1feccfc8', 'b4526cfef6da', '391b5b513e8a'],
  },
  'restoretemplate.cfg': {
    'autoinitora': ['current', 'b9f808055e42', '5777bc699ae4', '7bbc2d8d0a30', '74e5c5f745aa', '1f8168be69c8', 'd313883c0898', '303cfa550c7d'],
    'cdbinitora': ['current', 'dfd530f68d70'],
    'sqlplusheader': ['current', '60ca821f4cfd'],
    'sqlplusfooter': ['current', 'd73f6fee0352'],
    'startupnomount': ['current', 'a36c79dd5149'],
    'shutdown': ['current', 'f6b8979a01b9'],
    'openandverify': ['current', 'e12ccb47f97a'],
    'validateblocks': ['current', '54835a655947'],
    'showcorruptblocks': ['current', '0a35213f917a'],
    'rmanheader': ['current', 'ba3a05f0711d'],
    'rmanfooter': ['current', 'e596899f114b'],
    'rmanmount': ['current', '20fbf4b6be22', '8afc63b1041b'],
    'clearlogs': ['current', '187850a642cc', 'c4f456fcd611', '7ae1ae313b55'],
    'rmancatalog': ['current', 'd81993a24ba6', '39951d6d2c06'],
    'switchdatafiles': ['current', 'b901389d5af3'],
    'recoverdatafiles': ['current', 'e9efcd05c7c7'],
    'disablebct': ['current', 'eaeedbbdecb0'],
    'shutdownabort': ['current', '112d5dc6de3c'],
    'createcatalog': ['current', '79f3513c84b8', '92921dff8165'],
    'sqlldrlog': ['current', '1d9dfd13048d'],
    'insertlog': ['current', 'b255ee8a86e8'],
    'mountandcatalog': ['006c4f99f762', 'a281208c1858', 'c32dab8e2670'],
    'initoralocation': ['5e8ffafca824'],
  },
  'rmantemplate.cfg': {
    'header': ['current', 'f1cc2d98b29e'],
    'headercatalog': ['current', '832aae118940'],
    'footer': ['current', '3a0931580d18'],
    'backupimagecopy': ['current', '72cd2ce294ff', '0d5e36424917', '8362eab907c1', '0a08279c1892'],
    'backupfooter': ['current', 'f7f2b9beef8d', '7ae454d76295'],
    'registerdatabase': ['current', '4e14ca0fc8c3'],
    'resynccatalog': ['current', '5373b3fcbf5f'],
    'config': ['current', '3f2c44c086f9'],
    'configdelalnodg': ['current', 'c746b4c24fa1'],
    'configdelaldg': ['current', 'abe704eaab40'],
    'report': ['current', '9facfa3d3c7c'],
    'validatebackup': ['current', 'c00340f8d9c0'],
    'headerrestore': ['current', '635e2f402da2'],
    'fullrestore': ['current', 'ddb0ed330260'],
    'restorefooter': ['current', '902ca58a7e7d'],
    'allocatearchlogchannel': ['current', 'b7bceb503842'],
    'dropschedule': ['current', '2b2495b85d26'],
    'createschedule': ['current', '6f282167840e', '926962ae71a0', '6002182837f6', '189a589ff8c8'],
    'cdbdetect': ['current', '60fe491f14fc'],
    'createuser': ['current', '06f3eaba7d87'],
    'sqlplusheader': ['current', 'ca89e4ce42c9'],
    'sqlplusfooter': ['current', '8817cae2af8a'],
    'archivecurrentlogs': ['current', '7077474dc6b1'],
    'archivelogmissing': ['current', '8c76a860c8e6', 'c408da861c5f'],
    'deletedatafilecopy': ['current', 'b7e18cfbc80c'],
    'configfromsqlplus': ['current', '58c1008b147b'],
    'isdbregisteredincatalog': ['current', '5e645bb3b6da'],
    'autorestoreparameters': ['current', 'dd96348ddede'],
  },
  'softnas.py': {
    '*': ['1ff84ab2f8e0', '0d81f07d78fc', '927912761885'],
  },
  'zfssa.py': {
    '*': ['f71160d04453', '22186627c04d', '15b26b02c08e', '3bb696700f1a'],
  },
  'zsnapper.py': {
    '*': ['cda087f33ea2', 'b89b138d3192', '4800af66133b'],
  },
  'zvolume.py': {
    '*': ['b5d1b9a573ca'],
  },
}
