"""The annotation loop: reports go to Label Studio with what the model says, corrections come back exact and are measured."""
