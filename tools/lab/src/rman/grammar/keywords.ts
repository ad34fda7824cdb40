/** Words that RMAN's grammar knows; any other word is an "identifier" in its messages and may be a name. */
const keywords: ReadonlySet<string> = new Set(
  `abort advise affinity all allocate alter and append applied archivelog as at autobackup auxiliary available backed backup backuppiece backups
  backupset before between block by catalog change channel check clear clone closed cmdfile command completed compressed compression configure connect
  consistent controlfile controlfilecopy convert copies copy corruption create cross crosscheck cumulative current database datafile datafilecopy days
  db_file_name_convert db_unique_name dba dbid default define delete deletion destination device disk disconnected diskratio drop dump duplex duplicate duration echo encryption exclude
  execute exit expired export file files filesperset fill final flashback for force foreign format forever from full grant group header high host id identified identifier immediate import
  in inaccessible incarnation include incremental input instance keep level library like list log logfile logical logs logseq low maintenance maxcorrupt
  maxopenfiles maxpiecesize maxsetsize memory minimize monitor mount name need new newname no nochecksum noexclude nofilenamecheck nokeep nologs none noprompt noredo normal not null obsolete of
  off offline on only open optimization option or orphan parms parallel parallelism parameter password pfile piece pieces plus policy pool preview primary print privileges proxy
  quit rate readonly readrate recall recover recoverable recovery redo redundancy register release reload removecopy rename repair replace report
  reset resetlogs restart restore restricted resync retention reuse revoke rman rout run sbt sbt_tape schema scn script section send sequence set setlimit setsize
  show shutdown shutdown since size skip skip slaxdebug snapshot spfile sql standby start startup step summary switch tablespace tablespaces tag target tempfile test thread
  time timeout times to trace transactional transport type unavailable uncatalog unlimited unrecoverable unregister until upgrade using validate verbose view virtual
  window with`.split(/\s+/),
)

export function isKeyword(word: string): boolean {
  return keywords.has(word.toLowerCase())
}
