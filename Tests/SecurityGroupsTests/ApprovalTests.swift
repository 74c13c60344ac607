import SecurityGroups
import Testing

@Suite struct ApprovalTests {
    @Test(arguments: [
        ("exempt terraform", true, false, false), ("approved mia", false, true, false),
        ("baseline", false, false, true),
        ("allow office", false, false, false), ("exempt", false, false, false), ("baseline x", false, false, false),
    ])
    func `says who approved`(source: String, isExemption: Bool, isByPerson: Bool, isBaseline: Bool) {
        let approval = Approval(source: source)
        #expect(approval.isExemption == isExemption)
        #expect(approval.isByPerson == isByPerson)
        #expect(approval.isBaseline == isBaseline)
        #expect(approval.elsewhere == (isExemption || isByPerson || isBaseline ? approval : nil))
    }
}
