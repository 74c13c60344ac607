import CSystem

extension HostSystem {
    /// Limits the memory that the C library keeps for itself. It must be called before there are threads.
    package static func limitMemory() {
        csystem_limit_arenas(2)
    }

    /// Gives back the memory that a burst of messages has left free, which the C library would keep for ever.
    package static func releaseFreeMemory() {
        csystem_release_free_memory(16 << 20)
    }

    /// Unmaps the pages of the program's code.
    ///
    /// More than half of them are needed only at the start. Pages that are needed later are mapped again from the
    /// kernel's cache, which costs some hundred page faults once.
    package static func releaseStartCode() {
        csystem_release_code()
    }
}
