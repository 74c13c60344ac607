import CloudTrailEvents
import SecurityGroups

/// What libFuzzer calls with each text it thinks of: the decoder must answer every one.
@_cdecl("LLVMFuzzerTestOneInput")
public func decode(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    let message = DecodedMessage(body: text)
    _ = MessageFile(text: text)
    guard case .change(let event, let change) = message else { return 0 }
    precondition(!event.eventID.isEmpty, "an event has an id")
    precondition(!change.rules.isEmpty || change.unread != nil, "no rule is lost in silence")
    for rule in change.rules {
        precondition(rule.traffic != nil || rule.id != nil, "a rule is known by something")
    }
    return 0
}
