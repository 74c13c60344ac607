import CSystem

extension HostSystem {
    /// Bounds the memory that the C library keeps for itself. To be called before there are threads.
    package static func limitMemory() {
        csystem_limit_arenas(2)
    }

    /// Unmaps the program's pages of code.
    ///
    /// More than half of them are needed only at the start. What runs on is mapped again from the kernel's cache as it
    /// is used, which costs some hundred page faults once.
    package static func releaseStartCode() {
        csystem_release_code()
    }
}
