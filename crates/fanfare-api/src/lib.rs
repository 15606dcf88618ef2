//! Everything that answers and ends: publish, history, channels
