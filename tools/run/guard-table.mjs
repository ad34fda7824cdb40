// A vitest reporter: one row for each planted danger, with how the product refused it and how many files kept their checksum.
export default class GuardTable {
  onTestRunEnd(modules) {
    const cases = []
    let undisturbed = 0
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        const found = test.meta().guardCases ?? []
        for (const each of found) cases.push({ ...each, name: test.fullName.replaceAll(' > ', ': '), refused: state === 'passed' })
        if (state === 'failed' && found.length === 0) cases.push({ name: test.fullName, exitCode: '', code: 'TEST FAILED', reason: '', unchangedFiles: '', refused: false })
        if (state === 'passed' && /passes/.test(test.name)) undisturbed += 1
      }
    }
    if (cases.length === 0) return
    console.log(`\n${' #'.padStart(4)}  exit  files unchanged  planted danger\n${''.padStart(29)}reason`)
    for (const [index, { name, exitCode, code, reason, unchangedFiles, refused }] of cases.entries()) {
      console.log(`${String(index + 1).padStart(4)}  ${String(exitCode).padStart(4)}  ${String(unchangedFiles).padStart(15)}  ${refused ? '' : 'NOT REFUSED: '}${name}\n${''.padStart(29)}${code}: ${reason.split('\n')[0]}`)
    }
    const refused = cases.filter((each) => each.refused).length
    console.log(`\n${cases.length} planted dangers, ${refused} refused with nothing changed; ${undisturbed} undisturbed neighbours passed`)
  }
}
