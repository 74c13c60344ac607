import ArgumentParser

/// The option that names the file of settings.
struct ConfigOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("A YAML file of settings, keys named like the flags.", valueName: "file"),
        completion: .file()
    )
    var config: String?

    /// The settings of this run.
    func settings() throws(SettingsError) -> Settings {
        try Settings(configPath: config)
    }
}
