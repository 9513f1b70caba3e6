"""Attention-LSTM networks that give one answer a sequence."""
