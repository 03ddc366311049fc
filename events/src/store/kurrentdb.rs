//! The KurrentDB / EventStoreDB store.
